package hybrid

import (
	"fmt"
	"math"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
)

// step trains on one batch: backbone, heads, losses, backward, optimizer.
func (r *run) step(b *batch, at schedule.Progress, epoch *EpochReport, last *time.Time) error {
	r.tape.Reset(autograd.Mode{Train: true, Seed: r.Seed ^ uint64(at.Epoch)<<32 ^ uint64(at.Step), BLAS: r.BLAS})
	report := StepReport{At: at, LearningRate: r.LearningRate.At(at), Images: b.images.Dim(0)}

	if !(report.LearningRate >= 0) || !finite(report.LearningRate) {
		return fmt.Errorf("the learning rate is %v: its schedule must give finite values that are not negative", report.LearningRate)
	}

	var total *autograd.Var
	features := r.features(b)
	for i, s := range r.Streams {
		inputs := r.heads(s, features[i], b.parts[i], at)
		for j, term := range s.Terms {
			value, stats := term.Loss.Forward(inputs[j])
			weight := term.weight(at)
			if !(weight >= 0) || !finite(weight) {
				return fmt.Errorf("the weight of term %q is %v: its schedule must give finite values that are not negative", term.Name, weight)
			}
			report.Losses = append(report.Losses, LossReport{Name: term.Name, Value: float64(value.Value().Item()), Weight: weight,
				Anchors: stats.Anchors, Skipped: stats.Skipped, ZeroRows: stats.ZeroRows})
			if value = autograd.Scale(value, weight); total != nil {
				value = autograd.Add(total, value)
			}
			total = value
		}
	}
	report.Total = float64(total.Value().Item())

	optim.ZeroGrad(r.params)
	r.tape.Backward(total, nil)
	if report.GradNorm = optim.GradNorm(r.params); !finite(report.Total) || !finite(report.GradNorm) {
		return &NonFiniteError{Epoch: at.Epoch, Step: at.Step, Loss: report.Total, Param: r.firstBad()}
	}
	if r.ClipNorm > 0 {
		optim.ClipNorm(r.params, r.ClipNorm)
	}
	r.optimizer.Step(report.LearningRate)
	r.tape.Commit()

	now := time.Now()
	seconds := now.Sub(*last).Seconds()
	*last = now
	report.ImagesPerSecond = rate(report.Images, seconds)
	epoch.add(report)
	epoch.Seconds += seconds
	if r.OnStep != nil {
		r.OnStep(report)
	}
	return nil
}

// features returns the features of each stream's rows.
func (r *run) features(b *batch) []*autograd.Var {
	out := make([]*autograd.Var, len(b.parts))
	if r.network.separate {
		for i, p := range b.parts {
			out[i] = r.network.Features(r.tape.Const(b.images.Rows(p.from, p.to)))
		}
		return out
	}
	all := r.network.Features(r.tape.Const(b.images))
	for i, p := range b.parts {
		out[i] = rows(all, p.from, p.to)
	}
	return out
}

// heads returns the input of each term of a stream.
func (r *run) heads(s Stream, features *autograd.Var, p part, at schedule.Progress) []loss.Input {
	whole := loss.Input{Labels: p.labels, Views: p.views, Mix: p.mix, At: at}
	needs := s.needs()
	if needs.Embedding {
		whole.Embedding = r.network.Embed(features)
	}
	if needs.Logits {
		whole.Logits = r.network.Logits(features)
	}
	inputs := make([]loss.Input, len(s.Terms))
	for i, t := range s.Terms {
		inputs[i] = selectViews(whole, t.Views)
		needs := t.Loss.Needs()
		if !needs.Embedding {
			inputs[i].Embedding = nil
		}
		if !needs.Logits {
			inputs[i].Logits = nil
		}
	}
	return inputs
}

// selectViews keeps the rows of the given views; nil keeps all. Mix is dropped where no kept row is blended.
func selectViews(in loss.Input, views []int) loss.Input {
	if views != nil {
		n := len(in.Labels) / in.Views
		pick := func(x *autograd.Var) *autograd.Var {
			if x == nil {
				return nil
			}
			var kept []*autograd.Var
			for _, v := range views {
				kept = append(kept, rows(x, v*n, (v+1)*n))
			}
			return autograd.Concat(kept...)
		}
		out := loss.Input{Embedding: pick(in.Embedding), Logits: pick(in.Logits), Views: len(views), At: in.At}
		for _, v := range views {
			out.Labels = append(out.Labels, in.Labels[v*n:(v+1)*n]...)
		}
		if in.Mix != nil {
			out.Mix = &loss.Mix{}
			for _, v := range views {
				out.Mix.Labels = append(out.Mix.Labels, in.Mix.Labels[v*n:(v+1)*n]...)
				out.Mix.Weight = append(out.Mix.Weight, in.Mix.Weight[v*n:(v+1)*n]...)
			}
		}
		in = out
	}
	if in.Mix != nil {
		for _, w := range in.Mix.Weight {
			if w != 1 {
				return in
			}
		}
		in.Mix = nil
	}
	return in
}

// rows is autograd.Rows, or x itself for all of its rows.
func rows(x *autograd.Var, from, to int) *autograd.Var {
	if from == 0 && to == x.Dim(0) {
		return x
	}
	return autograd.Rows(x, from, to)
}

// firstBad names the first parameter whose value is not finite, else the first whose gradient is not.
func (r *run) firstBad() string {
	for _, e := range r.params {
		if kernels.FirstNonFinite(e.Param.Value.Data()) >= 0 {
			return e.Path
		}
	}
	for _, e := range r.params {
		if e.Param.Grad != nil && kernels.FirstNonFinite(e.Param.Grad.Data()) >= 0 {
			return e.Path
		}
	}
	return ""
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
