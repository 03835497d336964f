package train

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// losses computes the weighted sum of all terms on a batch, those with a Rho and the others, and adds them to the report, unless
// they are computed again.
func (r *run) losses(b *batch.Batch, again bool) (total objective, err error) {
	k := 0
	features, err := r.features(b)
	if err != nil {
		return total, err
	}
	for i, part := range b.Parts {
		keys, taught := r.encoder.Keys(r.network, part, b.Images), r.teachers[i].logits(part, b.Images)
		if part, err = r.ranks.whole(part, r.Batch); err != nil {
			return total, err
		}
		inputs, err := r.heads(part, features[i])
		if err != nil {
			return total, err
		}
		mode := r.tape.Mode()
		r.switchTo(autograd.Mode{Train: mode.Train, Seed: r.stepSeed() + uint64(i), BLAS: mode.BLAS, Recompute: mode.Recompute, Precision: mode.Precision})
		for j, term := range part.Stream.Terms {
			weight := r.weight(term)
			if !(weight >= 0) || !finite(weight) {
				return total, fmt.Errorf("the weight of term %q is %v: its schedule must give finite values that are not negative", term.Name, weight)
			}
			if inputs[j].Keys, err = r.ranks.gatherTensor(keys[j], r.Batch); err != nil {
				return total, err
			}
			if inputs[j].Teacher, err = r.ranks.gatherTensor(taught[j], r.Batch); err != nil {
				return total, err
			}
			value, stats := term.Loss.Forward(r.watches[k].input(inputs[j]))
			if value == nil {
				return total, fmt.Errorf("the loss of term %q returns nil: it must return a scalar on the tape of its inputs", term.Name)
			}
			if value.Shape().Len() != 1 {
				return total, fmt.Errorf("the loss of term %q returns a value of shape %v: it must return a scalar", term.Name, value.Shape())
			}
			if r.OnWarning != nil && weight > 0 && !again {
				r.watches[k].addChance(term.Loss, inputs[j], r.tape.Mode())
			}
			if !again {
				r.report.add(k, LossReport{Name: term.Name, Value: float64(value.Value().Item()), Weight: weight,
					Anchors: stats.Anchors, Skipped: stats.Skipped, ZeroRows: stats.ZeroRows})
			}
			sum := &total.plain
			if term.Rho > 0 {
				sum = &total.steep
			}
			if value = autograd.Scale(value, weight); *sum != nil {
				value = autograd.Add(*sum, value)
			}
			*sum = value
			k++
		}
		r.report.Images += part.Images
		mode.Seed = r.ranks.seed(r.stepSeed() + uint64(i) + 1)
		r.switchTo(mode)
	}
	return total, nil
}

// stepSeed is that of the randomness of a batch.
func (r *run) stepSeed() uint64 {
	return r.Seed ^ uint64(r.at.Epoch)<<32 ^ uint64(r.at.Step*r.Accumulate+r.batch)
}

// switchTo lets the step go on in another mode, where there are several ranks: losses see the rows of all and draw the same on all, the
// network sees its own.
func (r *run) switchTo(m autograd.Mode) {
	if r.ranks.several() {
		r.tape.Switch(m)
	}
}

// weight is what a term counts now.
func (r *run) weight(t hybrid.Term) float64 {
	if t.Weight == nil {
		return 1
	}
	return t.Weight.At(r.at)
}

// features returns the features of each stream's rows that terms see.
func (r *run) features(b *batch.Batch) (out []*autograd.Var, err error) {
	out = make([]*autograd.Var, len(b.Parts))
	var joint []int // the streams that pass together
	var images []*tensor.Tensor
	total := 0
	for i, p := range b.Parts {
		if p.Stream.MixesFeatures() {
			if out[i], err = r.mixed(b, p); err != nil {
				return nil, err
			}
			continue
		}
		x := p.Of(r.tape, b.Images.Rows(p.Own()), p.Seen)
		if r.network.SeparatePasses() {
			out[i] = r.pass(x, r.network.Features)
			continue
		}
		joint, images = append(joint, i), append(images, x)
		total += x.Dim(0)
	}
	if joint == nil {
		return out, nil
	}
	joined := b.Images
	if total < b.Images.Dim(0) {
		joined = r.tape.Scratch(append([]int{total}, b.Images.Shape()[1:]...)...)
		at := 0
		for _, x := range images {
			at += copy(joined.Data()[at:], x.Data())
		}
	}
	all, from := r.pass(joined, r.network.Features), 0
	for k, x := range images {
		out[joint[k]] = batch.Cut(all, from, from+x.Dim(0))
		from += x.Dim(0)
	}
	return out, nil
}

// pass takes images through a part of the network, see Trainer.Chunk.
func (r *run) pass(images *tensor.Tensor, f func(*autograd.Var) *autograd.Var) *autograd.Var {
	first, behind := distributed.Shard(r.Batch, r.ranks.Rank(), r.ranks.Size())
	return batch.Pass(r.tape, images, behind-first, r.Chunk, f)
}

// mixed returns the mixed features of a stream's samples and their partners, and notes α in the rows.
func (r *run) mixed(b *batch.Batch, p *batch.Rows) (*autograd.Var, error) {
	alpha, err := share(p.Stream.Partner, r.at)
	if err != nil {
		return nil, err
	}
	for i := range p.Mix.Weight {
		p.Mix.Weight[i] = float32(alpha)
	}
	body := r.network.Backbone.(backbone.Branched)
	branch := func(i int, of *tensor.Tensor) *autograd.Var {
		return r.pass(p.Of(r.tape, of, p.Seen), func(x *autograd.Var) *autograd.Var { return body.Branch(i, x) })
	}
	f := branch(0, b.Images.Rows(p.Own()))
	g := branch(1, b.Images.Rows(p.Partners()))
	return autograd.Columns(autograd.Scale(f, alpha), autograd.Scale(g, 1-alpha)), nil
}

// heads returns the input of each term of a stream: the rows of all ranks, of features of this one.
func (r *run) heads(p *batch.Rows, features *autograd.Var) (inputs []loss.Input, err error) {
	at := r.at // in batches: what remembers an epoch takes stock after its last one
	at.Step, at.Steps = at.Step*r.Accumulate+r.batch, at.Steps*r.Accumulate
	whole := loss.Input{Labels: p.Labels, Views: p.Views, Mix: p.Mix, At: at}
	if len(p.Seen) < p.Views {
		whole = batch.Input(whole, p.Seen)
	}
	needs := p.Stream.Needs()
	if needs.Embedding {
		if whole.Embedding, err = r.ranks.gather(r.network.Embed(features), r.Batch); err != nil {
			return nil, err
		}
	}
	if needs.Logits {
		if whole.Logits, err = r.ranks.gather(r.network.Logits(features), r.Batch); err != nil {
			return nil, err
		}
	}
	if needs.Experts {
		whole.Experts = r.network.Experts(features)
		for i, x := range whole.Experts {
			if whole.Experts[i], err = r.ranks.gather(x, r.Batch); err != nil {
				return nil, err
			}
		}
	}
	inputs = make([]loss.Input, len(p.Stream.Terms))
	for i, t := range p.Stream.Terms {
		inputs[i] = batch.Input(whole, batch.Positions(p.Seen, t.Views))
		if !p.Stream.MixesFeatures() { // whose rows are mixed even where α is 1: a loss that cannot be should say so at once
			inputs[i] = dropMix(inputs[i])
		}
		needs := t.Loss.Needs()
		if !needs.Embedding {
			inputs[i].Embedding = nil
		}
		if !needs.Logits {
			inputs[i].Logits = nil
		}
		if !needs.Experts {
			inputs[i].Experts = nil
		}
	}
	return inputs, nil
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
