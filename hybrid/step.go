package hybrid

import (
	"fmt"
	"math"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
)

// step trains on one batch: backbone, heads, losses, backward and, when it is the step's last batch, the optimizer.
func (r *run) step(b *batch) error {
	at, rate := r.at, r.LearningRate.At(r.at)
	if !(rate >= 0) || !finite(rate) {
		return fmt.Errorf("the learning rate is %v: its schedule must give finite values that are not negative", rate)
	}
	number := at.Step*r.Accumulate + r.batch
	mode := autograd.Mode{Train: true, Seed: r.Seed ^ uint64(at.Epoch)<<32 ^ uint64(number), BLAS: r.BLAS}
	r.tape.Reset(mode)
	r.encoder.reset(mode)
	if r.batch == 0 {
		if err := r.before.remember(); err != nil {
			return err
		}
		r.report = StepReport{At: at, LearningRate: rate}
		for i := range r.watches {
			r.watches[i].alive = false
		}
		optim.ZeroGrad(r.params)
	}
	total, err := r.losses(b)
	if err != nil {
		return err
	}
	if r.Accumulate > 1 {
		total = autograd.Scale(total, 1/float64(r.Accumulate))
	}
	r.tape.Backward(total, nil)
	if r.batch++; r.batch < r.Accumulate {
		r.tape.Commit()
		return nil
	}
	r.report.mean(r.Accumulate)
	r.report.GradNorm = optim.GradNorm(r.params)
	if !finite(r.report.Total) || !finite(r.report.GradNorm) {
		return r.skip()
	}
	if r.ClipNorm > 0 {
		optim.ClipNorm(r.params, r.ClipNorm)
	}
	r.optimizer.Step(rate)
	r.tape.Commit()
	r.average.update()
	r.encoder.update()
	r.stepDone()
	return nil
}

// losses computes the weighted sum of all terms on a batch and adds them to the report.
func (r *run) losses(b *batch) (total *autograd.Var, err error) {
	k := 0
	features, err := r.features(b)
	if err != nil {
		return nil, err
	}
	for i, s := range r.Streams {
		inputs, part := r.heads(s, features[i], b.parts[i]), b.parts[i]
		keys := r.encoder.keys(r.network, s, b.images.Rows(part.from, part.to), part.views)
		for j, term := range s.Terms {
			weight := term.weight(r.at)
			if !(weight >= 0) || !finite(weight) {
				return nil, fmt.Errorf("the weight of term %q is %v: its schedule must give finite values that are not negative", term.Name, weight)
			}
			inputs[j].Keys = keys[j]
			value, stats := term.Loss.Forward(r.watches[k].input(inputs[j]))
			r.report.add(k, LossReport{Name: term.Name, Value: float64(value.Value().Item()), Weight: weight,
				Anchors: stats.Anchors, Skipped: stats.Skipped, ZeroRows: stats.ZeroRows})
			if value = autograd.Scale(value, weight); total != nil {
				value = autograd.Add(total, value)
			}
			total = value
			k++
		}
		images := (len(s.seen()) + len(s.keyViews())) * len(part.labels) / part.views
		if s.Partner != nil {
			images *= 2
		}
		r.report.Images += images
	}
	r.report.Total += float64(total.Value().Item())
	return total, nil
}

// stepDone reports the step and moves on to the next.
func (r *run) stepDone() {
	now := time.Now()
	seconds := now.Sub(r.last).Seconds()
	r.last = now
	r.report.ImagesPerSecond = rate(r.report.Images, seconds)
	r.epoch.add(r.report)
	r.epoch.Seconds += seconds
	r.at.Step, r.batch = r.at.Step+1, 0
	r.checkWatches()
	if r.OnStep != nil {
		r.OnStep(r.report)
	}
}

// features returns the features of each stream's rows.
func (r *run) features(b *batch) (out []*autograd.Var, err error) {
	out = make([]*autograd.Var, len(b.parts))
	var joint []int // the streams that pass together
	var images []*tensor.Tensor
	total := 0
	for i, p := range b.parts {
		s := r.Streams[i]
		if s.Partner != nil {
			if out[i], err = r.mixed(s, b, &p); err != nil {
				return nil, err
			}
			continue
		}
		x := gather(r.tape, b.images.Rows(p.from, p.to), len(p.labels)/p.views, s.seen())
		if r.network.separate {
			out[i] = r.network.Features(r.tape.Const(x))
			continue
		}
		joint, images = append(joint, i), append(images, x)
		total += x.Dim(0)
	}
	if joint == nil {
		return out, nil
	}
	joined := b.images
	if total < b.images.Dim(0) {
		joined = r.tape.Scratch(append([]int{total}, b.images.Shape()[1:]...)...)
		at := 0
		for _, x := range images {
			at += copy(joined.Data()[at:], x.Data())
		}
	}
	all, from := r.network.Features(r.tape.Const(joined)), 0
	for k, x := range images {
		out[joint[k]] = rows(all, from, from+x.Dim(0))
		from += x.Dim(0)
	}
	return out, nil
}

// heads returns the input of each term of a stream.
func (r *run) heads(s Stream, features *autograd.Var, p part) []loss.Input {
	at := r.at // in batches: what remembers an epoch takes stock after its last one
	at.Step, at.Steps = at.Step*r.Accumulate+r.batch, at.Steps*r.Accumulate
	whole, seen := loss.Input{Labels: p.labels, Views: p.views, Mix: p.mix, At: at}, s.seen()
	if len(seen) < p.views {
		whole = selectViews(whole, seen)
	}
	needs := s.needs()
	if needs.Embedding {
		whole.Embedding = r.network.Embed(features)
	}
	if needs.Logits {
		whole.Logits = r.network.Logits(features)
	}
	inputs := make([]loss.Input, len(s.Terms))
	for i, t := range s.Terms {
		inputs[i] = selectViews(whole, positions(seen, t.Views))
		if s.Partner == nil { // whose rows are mixed even where α is 1: a loss that cannot be should say so at once
			inputs[i] = dropMix(inputs[i])
		}
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

// selectViews keeps the rows of the given views; nil keeps all.
func selectViews(in loss.Input, views []int) loss.Input {
	if views == nil {
		return in
	}
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
	return out
}

// dropMix leaves Mix out where no row is blended.
func dropMix(in loss.Input) loss.Input {
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

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
