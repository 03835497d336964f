package train

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/memory"
	"github.com/longtail-ml/longtail/internal/prefetch"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// MemoryPlan is what training will take, in bytes, besides the network's weights and the data set, which are there before.
type MemoryPlan struct {
	Batch       int // of this process, where several train
	Gradients   int64
	Optimizer   int64
	Averages    int64 // moving average, encoder of keys, best weights, those of teachers
	Activations int64 // what a step computes, and its gradients
	Kernels     int64 // working memory of convolutions and products
	Batches     int64 // images that are read ahead
	Evaluation  int64 // what it computes and reads ahead

	sample float64 // of Activations and Batches, for each sample more in the batch
}

// Peak is the sum.
func (p MemoryPlan) Peak() int64 {
	return p.Gradients + p.Optimizer + p.Averages + p.Activations + p.Kernels + p.Batches + p.Evaluation
}

// String says it in a line.
func (p MemoryPlan) String() string {
	return fmt.Sprintf("memory: about %s for batch %d: activations %s, batches %s, gradients and optimizer %s, evaluation %s", size(p.Peak()),
		p.Batch, size(p.Activations+p.Kernels), size(p.Batches), size(p.Gradients+p.Optimizer+p.Averages), size(p.Evaluation))
}

// Check is an error if training would take more than limit with what the program has now; it names the batch that would fit.
// 0 means the least of what the container (cgroup v1 or v2), GOMEMLIMIT and the machine allow, and that nothing is refused where
// none of them tells.
func (p MemoryPlan) Check(limit int64) error {
	of := "the limit"
	if limit == 0 {
		if limit, of = memory.Limit(); limit == 0 {
			return nil
		}
	}
	now := memory.Resident()
	over := now + p.Peak() - limit
	if over <= 0 {
		return nil
	}
	fits := p.Batch - int(float64(over)/p.sample) - 1
	advice := fmt.Sprintf("a batch of %d would fit", fits)
	if fits < 1 {
		advice = "not even a batch of 1 would fit"
	}
	return fmt.Errorf("train: batch %d takes about %s at its peak, and the program has %s already: more than the %s of %s; %s, and "+
		"Recompute or a Chunk takes less", p.Batch, size(p.Peak()), size(now), size(limit), of, advice)
}

// size is a number of bytes to read.
func size(bytes int64) string {
	if bytes < 10e9 {
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// PlanMemory tells what Fit will take at its peak, before it takes it: it computes two small batches of random images and
// scales what they take, for memory is linear in the batch. Nothing is trained. test is nil where Fit is given none. It is an
// error where Fit would refuse the settings.
func (t Trainer) PlanMemory(ctx context.Context, n *hybrid.Network, train, test dataset.Dataset) (p MemoryPlan, err error) {
	release, err := claim(n, t.Streams)
	if err != nil {
		return p, err
	}
	defer release()
	t.Checkpoints, t.Observers = Checkpoints{}, nil
	t.setDefaults()
	if err := t.checkRanks(); err != nil {
		return p, err
	}
	if size := t.Ranks.Size(); size > 1 {
		t.Batch = (t.Batch + size - 1) / size
		t.Ranks = nil
	}
	r, err := t.start(ctx, n, train, test)
	if err != nil {
		return p, err
	}
	defer r.saver.close()
	err = tensor.Try(func() error { p, err = r.planMemory(); return err })
	return p, err
}

func (r *run) planMemory() (MemoryPlan, error) {
	p := MemoryPlan{Batch: r.Batch, Optimizer: bytesOf(r.optimizer)}
	untouched := map[*autograd.Param]bool{}
	for _, e := range r.params {
		if !e.Param.Frozen {
			p.Gradients += 4 * int64(e.Param.Value.Len())
		}
		untouched[e.Param] = e.Param.Grad == nil
	}
	defer func() {
		for _, e := range r.params {
			if e.Param.ZeroGrad(); untouched[e.Param] {
				e.Param.Grad = nil // optimizers pass it over
			}
		}
	}()
	copies := int64(0)
	for _, there := range []bool{r.average != nil, r.encoder != nil, r.judge(r.test) != "", r.average != nil && r.judge(r.test) != ""} {
		if there {
			copies++
		}
	}
	p.Averages = copies * bytesOf(r.network)
	for _, t := range r.teachers {
		if t != nil {
			p.Averages += bytesOf(t.network)
		}
	}
	if r.update.Rho > 0 { // values and gradients, until it is back from the climb
		p.Gradients *= 3
	}

	images := 0
	for _, s := range r.Streams {
		images += batch.NewRows(s, 1, 0).To()
	}
	image := int64(r.network.Input().Batch(1).Len())
	p.Batches = prefetch.InFlight * 4 * image * int64(images) * int64(r.Batch)
	if err := r.planActivations(&p, image); err != nil {
		return p, err
	}
	p.sample += float64(p.Batches) / float64(p.Batch)
	if r.test != nil || r.Validation != nil {
		r.planEvaluation(&p, image)
	}
	return p, nil
}

// planActivations computes batches of b and 2b samples, and with chunks of each of the two.
func (r *run) planActivations(p *MemoryPlan, image int64) error {
	whole, chunk := r.Batch, r.Chunk
	b, c := max(1, min(smallBatch(image), whole/4)), 0
	if chunk > 0 {
		c = max(1, min(b, chunk)/2)
		b = 2 * c
	}
	made := kernels.ScratchMade()
	first, err := r.takes(b, c)
	if err != nil {
		return err
	}
	p.Kernels = kernels.ScratchMade() - made
	second, err := r.takes(2*b, c)
	if err != nil {
		return err
	}
	p.sample = max(1, float64(second-first)/float64(b))
	p.Activations = first + int64(p.sample*float64(whole-b))
	if chunk > c {
		third, err := r.takes(2*b, 2*c)
		if err != nil {
			return err
		}
		p.Activations += int64(float64(third-second) / float64(c) * float64(chunk-c))
	}
	return nil
}

// smallBatch is how many images of so many values tell what more would take.
func smallBatch(image int64) int { return int(max(1, min(16, (1<<18)/image))) }

// takes returns what the tapes hold after steps on random batches of so many samples, which change nothing.
func (r *run) takes(samples, chunk int) (int64, error) {
	r.Batch, r.Chunk = samples, chunk
	r.tape = autograd.NewTape(autograd.Mode{})
	r.update.Tape = r.tape
	plan := batch.Plan{Network: r.network, Data: r.train, Streams: r.Streams, Samples: samples, All: samples}
	b, rng := plan.New(), rand.New(rand.NewPCG(1, 1))
	for i := range b.Images.Data() {
		b.Images.Data()[i] = float32(rng.NormFloat64())
	}
	classes := r.network.Classes()
	for _, part := range b.Parts {
		for i := range part.Labels {
			part.Labels[i] = i % samples / 2 % classes
			if part.Mix != nil {
				part.Mix.Labels[i] = part.Labels[i]
			}
		}
	}
	mode := autograd.Mode{Train: true, BLAS: r.BLAS, Recompute: r.Recompute, Precision: r.Precision}
	r.encoder.Renew(chunk)
	for _, t := range r.teachers {
		t.renew(chunk)
	}
	for range 2 {
		r.report = StepReport{}
		r.resetOthers(mode)
		for i := range r.watches {
			r.watches[i].begin()
		}
		r.update.begin()
		r.at.Steps = 1
		if _, err := r.update.add(mode, 1, true, func(_ *autograd.Tape, again bool) (objective, error) { return r.losses(b, again) }); err != nil {
			return 0, err
		}
	}
	held := r.tape.HeldBytes() + r.encoder.HeldBytes()
	for _, t := range r.teachers {
		held += t.heldBytes()
	}
	return held, nil
}

func (r *run) planEvaluation(p *MemoryPlan, image int64) {
	images := 0
	for _, d := range []dataset.Dataset{r.test, r.Validation} {
		if d != nil {
			images = max(images, d.Len())
		}
	}
	most := min(cmp.Or(r.EvalBatch, 128), images)
	takes := func(n int) int64 {
		t := autograd.NewTape(autograd.Mode{NoGrad: true, BLAS: r.BLAS})
		r.network.Forward(t.Const(tensor.New(r.network.Input().Batch(n)...)))
		return t.HeldBytes()
	}
	b := max(1, min(smallBatch(image), most/2))
	first, second := takes(b), takes(2*b)
	each := int64(prefetch.InFlight)*4*image + (second-first)/int64(b)
	p.Evaluation = first + each*int64(max(0, most-b)) + int64(prefetch.InFlight)*4*image*int64(b)
}

// bytesOf is what parameters and buffers take.
func bytesOf(m nn.Visitable) (n int64) {
	for _, x := range nn.Tensors(m) {
		n += 4 * int64(x.Len())
	}
	return n
}
