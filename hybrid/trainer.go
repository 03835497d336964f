package hybrid

import (
	"context"
	"fmt"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// Trainer trains a network. Only Streams must be set; the zero values of the rest are the paper's CIFAR recipe.
type Trainer struct {
	Streams []Stream // what to train on: CE(), SC(0.1), PSC(…), or your own
	Epochs  int      // 0 means 200
	// Batch is the number of samples each stream draws in a step; each is given once for each view. 0 means 512. The
	// last, partial batch of an epoch is dropped.
	Batch        int
	LearningRate schedule.Scheduler // nil means 0.5, cut tenfold after 60% and 80% of the epochs
	Optimizer    optim.Rule         // nil means SGD with momentum 0.9 and weight decay 1e-4
	ClipNorm     float64            // scale gradients down to this norm; 0: never
	Seed         uint64             // of sampling and augmentation; the network has its own
	LimitSteps   int                // train on the first steps of each epoch only; 0: all
	EvalEvery    int                // evaluate after every so many epochs, and after the last; 0 means 1
	EvalBatch    int                // images evaluated at once; 0 means 128
	Groups       metrics.Grouping   // what counts as many, medium and few; nil means metrics.Groups{}
	BLAS         blas.Float32       // dense products; nil means package blas. Another may cost the same-bits promise.

	OnStep  func(StepReport)  // called on Fit's goroutine after each step; nil: not
	OnEpoch func(EpochReport) // called on Fit's goroutine after each epoch; nil: not
}

// Fit trains n on train, in place, and evaluates it on test, which may be nil. Each call starts with fresh optimizer
// state.
//
// When ctx is cancelled, Fit returns what was reached and an error that wraps ctx.Err(). A loss or gradient that is not
// finite ends it with *NonFiniteError. In both cases the weights are those of the last whole step; weights that an update
// itself drives out of range are found at the end of the epoch at the latest.
func (t Trainer) Fit(ctx context.Context, n *Network, train, test dataset.Dataset) (*Result, error) {
	run, err := t.start(n, train, test)
	if err != nil {
		return nil, err
	}
	for epoch := range run.Epochs {
		at := schedule.Progress{Epoch: epoch, Epochs: run.Epochs}
		plan, steps, err := run.plan(at)
		if err != nil {
			return run.result, err
		}
		at.Steps = steps
		report, last := EpochReport{Epoch: epoch}, time.Now()
		for batch, err := range run.loader.batches(ctx, plan, steps) {
			if err == nil {
				err = tensor.Try(func() error { return run.step(batch, at, &report, &last) })
			}
			if err != nil {
				run.keep(report)
				return run.result, fmt.Errorf("hybrid: stopped in epoch %d at step %d: %w", epoch, at.Step, err)
			}
			at.Step++
		}
		if name := run.firstBad(); name != "" {
			run.keep(report)
			return run.result, fmt.Errorf("hybrid: after epoch %d: %w", epoch, &NonFiniteError{Epoch: epoch, Step: steps - 1, Loss: report.Total / float64(steps), Param: name})
		}
		if err := run.evaluate(ctx, &report); err != nil {
			run.keep(report)
			return run.result, fmt.Errorf("hybrid: evaluation after epoch %d: %w", epoch, err)
		}
		run.keep(report)
		if run.OnEpoch != nil {
			run.OnEpoch(run.result.Epochs[epoch])
		}
	}
	return run.result, nil
}

// run is a Trainer with its defaults filled in and the state of one Fit.
type run struct {
	Trainer
	network   *Network
	train     dataset.Dataset
	test      dataset.Dataset
	labels    []int
	counts    []int
	params    []nn.Entry
	optimizer optim.Optimizer
	tape      *autograd.Tape
	// evaluation has a tape of its own: a tape gives up memory that many steps of another size do not ask for.
	evaluation *autograd.Tape
	loader     loader
	result     *Result
}

func (t Trainer) start(n *Network, train, test dataset.Dataset) (*run, error) {
	t.setDefaults()
	if err := t.check(n, train, test); err != nil {
		return nil, err
	}
	r := &run{Trainer: t, network: n, train: train, test: test, labels: dataset.Labels(train), counts: dataset.Counts(train),
		tape: autograd.NewTape(autograd.Mode{BLAS: t.BLAS}), evaluation: autograd.NewTape(autograd.Mode{}), result: &Result{}}
	if err := checkStreams(t.Streams, n, r.counts); err != nil {
		return nil, err
	}
	all := trainable{n, t.Streams}
	nn.Name(all)
	r.params = nn.Params(all)
	var err error
	r.optimizer, err = t.Optimizer.New(r.params)
	return r, err
}

func (t *Trainer) setDefaults() {
	if t.Epochs == 0 {
		t.Epochs = 200
	}
	if t.Batch == 0 {
		t.Batch = 512
	}
	if t.LearningRate == nil {
		t.LearningRate = schedule.MultiStep{Base: 0.5, Milestones: schedule.Milestones(t.Epochs, 0.6, 0.8)}
	}
	if t.Optimizer == nil {
		t.Optimizer = optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}
	}
	if t.EvalEvery == 0 {
		t.EvalEvery = 1
	}
}

func (t Trainer) check(n *Network, train, test dataset.Dataset) error {
	if n == nil || train == nil {
		return fmt.Errorf("hybrid: Fit needs a network and training data")
	}
	for name, v := range map[string]int{"Epochs": t.Epochs, "Batch": t.Batch, "LimitSteps": t.LimitSteps, "EvalEvery": t.EvalEvery, "EvalBatch": t.EvalBatch} {
		if v < 0 {
			return fmt.Errorf("hybrid: Trainer.%s %d must not be negative", name, v)
		}
	}
	if !(t.ClipNorm >= 0) {
		return fmt.Errorf("hybrid: Trainer.ClipNorm %v must not be negative", t.ClipNorm)
	}
	if err := schedule.Validate(t.LearningRate); err != nil {
		return fmt.Errorf("hybrid: Trainer.LearningRate: %w", err)
	}
	if err := checkData("training", train, n); err != nil || test == nil {
		return err
	}
	return checkData("test", test, n)
}

// plan draws the samples of an epoch and returns how many steps they make.
func (r *run) plan(at schedule.Progress) (*plan, int, error) {
	p := &plan{network: r.network, train: r.train, streams: r.Streams, samples: r.Batch, seed: r.Seed, epoch: at.Epoch}
	steps := 0
	for i, s := range r.Streams {
		// A seed for each stream, so that two streams with one sampler see different images.
		order, err := s.Sampler.Epoch(r.labels, sampler.Plan{At: at, Classes: r.network.classes, Batch: r.Batch, Seed: r.Seed + uint64(i)<<32})
		if err != nil {
			return nil, 0, fmt.Errorf("hybrid: stream %d: %w", i, err)
		}
		for _, sample := range order {
			if sample < 0 || sample >= len(r.labels) {
				return nil, 0, fmt.Errorf("hybrid: stream %d: the sampler drew image %d of %d", i, sample, len(r.labels))
			}
		}
		n := len(order) / r.Batch
		if n == 0 {
			return nil, 0, fmt.Errorf("hybrid: stream %d: a batch of %d is larger than the %d images of an epoch: choose a smaller batch", i, r.Batch, len(order))
		}
		if i == 0 || n < steps {
			steps = n
		}
		p.orders = append(p.orders, order)
	}
	if r.LimitSteps > 0 {
		steps = min(steps, r.LimitSteps)
	}
	return p, steps, nil
}

// keep joins an epoch's report to the result.
func (r *run) keep(e EpochReport) {
	if e.Steps == 0 {
		return
	}
	e.finish()
	r.result.Epochs = append(r.result.Epochs, e)
	r.result.Images += e.Images
	r.result.Seconds += e.Seconds
	r.result.ImagesPerSecond = rate(r.result.Images, r.result.Seconds)
}
