package hybrid

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// Trainer trains a network. Only Streams must be set; the zero values of the rest are the paper's CIFAR recipe.
type Trainer struct {
	Streams []Stream // what to train on: CE(), SC(0.1), PSC(…), or your own
	Epochs  int      // 0 means 200
	// Batch is the number of samples each stream draws in a step; each is given once for each view. 0 means 512. An
	// epoch ends with the shortest stream's draws; a last, partial batch is dropped.
	Batch int
	// Accumulate is the number of batches in a step, for steps that do not fit into memory at once: the optimizer steps
	// once by the mean of their gradients, and a loss is the mean of theirs. A contrastive loss compares within a batch,
	// and batch norm has each batch's own statistics and moves its running ones by each. 0 means 1.
	Accumulate   int
	LearningRate schedule.Scheduler // nil means 0.5, cut tenfold after 60% and 80% of the epochs
	Optimizer    optim.Rule         // nil means SGD with momentum 0.9 and weight decay 1e-4
	ClipNorm     float64            // scale gradients down to this norm; 0: never
	EMA          EMA                // a moving average of the weights, evaluated beside them; zero: none
	KeyDecay     float64            // of the weights of the encoder that makes keys, see Term.KeyViews; 0 means 0.999
	Seed         uint64             // of sampling and augmentation; the network has its own
	LimitSteps   int                // train on the first steps of each epoch only; 0: all
	EvalEvery    int                // evaluate after every so many epochs, and after the last; 0 means 1
	EvalBatch    int                // images evaluated at once, which may change figures by rounding; 0 means 128
	Groups       metrics.Grouping   // what counts as many, medium and few; nil means metrics.Groups{}
	BLAS         blas.Float32       // dense products; nil means package blas. Another may cost the same-bits promise.
	Checkpoints  Checkpoints        // save the run, and go on with it; zero: neither
	// SkipNonFinite is how many steps of a run are left out, and counted, where the loss or a gradient is not finite. The
	// next ends the run. 0: the first ends it. Losses that start anew with each epoch (loss.ProCo, prototype.ClassMean) do
	// not notice the end of an epoch whose last step is left out, and take two as one.
	SkipNonFinite int

	OnStep    func(StepReport)  // called on Fit's goroutine after each step; nil: not
	OnEpoch   func(EpochReport) // called on Fit's goroutine after each epoch; nil: not
	OnWarning func(Warning)     // called on Fit's goroutine for what is likely a mistake; nil: not
	WarnAfter int               // steps in a row before a warning of a loss; 0 means 100
}

// Fit trains n on train, in place, and evaluates it on test, which may be nil. Each call starts with fresh optimizer
// state, unless Checkpoints.Resume makes it go on with an earlier run.
//
// When ctx is cancelled, Fit returns what was reached and an error that wraps ctx.Err(). A loss or gradient that is not
// finite ends it with *NonFiniteError. In both cases the weights are those of the last whole step; weights that an update
// itself drives out of range are found at the end of the epoch at the latest.
func (t Trainer) Fit(ctx context.Context, n *Network, train, test dataset.Dataset) (*Result, error) {
	run, err := t.start(n, train, test)
	if err != nil {
		return nil, err
	}
	for run.at.Epoch < run.Epochs {
		plan, err := run.plan()
		if err != nil {
			return run.result, err
		}
		for batch, err := range run.loader.batches(ctx, plan, run.at.Step*run.Accumulate, run.at.Steps*run.Accumulate) {
			if err == nil {
				err = tensor.Try(func() error { return run.step(batch) })
			}
			if err == nil {
				err = run.saveInEpoch()
			}
			if err != nil {
				return run.stop(ctx, fmt.Errorf("hybrid: stopped in epoch %d at step %d: %w", run.at.Epoch, run.at.Step, err))
			}
		}
		if err := run.endEpoch(ctx); err != nil {
			return run.stop(ctx, err)
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
	average   *average // of the weights; nil: none
	encoder   *encoder // of keys; nil: no term takes them
	tape      *autograd.Tape
	// evaluation has a tape of its own: a tape gives up memory that many steps of another size do not ask for.
	evaluation *autograd.Tape
	loader     loader
	watches    []watch // of the terms of all streams
	saver      saver

	at      schedule.Progress // the step to come
	batch   int               // batches of it that are done
	before  moving            // state as it was before the step's first batch
	report  StepReport        // sums over the batches
	epoch   EpochReport       // sums over the steps
	skipped int               // steps left out in this run
	last    time.Time         // when the step before ended
	result  *Result
}

func (t Trainer) start(n *Network, train, test dataset.Dataset) (*run, error) {
	t.setDefaults()
	if err := t.check(n, train, test); err != nil {
		return nil, err
	}
	r := &run{Trainer: t, network: n, train: train, test: test, labels: dataset.Labels(train), counts: dataset.Counts(train),
		tape: autograd.NewTape(autograd.Mode{BLAS: t.BLAS}), evaluation: autograd.NewTape(autograd.Mode{}),
		at: schedule.Progress{Epochs: t.Epochs}, result: &Result{}}
	if err := checkStreams(t.Streams, n, r.counts, t.Epochs); err != nil {
		return nil, err
	}
	for _, s := range t.Streams {
		r.watches = append(r.watches, make([]watch, len(s.Terms))...)
	}
	all := trainable{n, t.Streams}
	nn.Name(all)
	r.params = nn.Params(all)
	if t.Accumulate > 1 {
		r.before = newMoving(all)
	}
	if t.EMA.Decay > 0 {
		r.average = newAverage(t.EMA, n)
		r.result.EMA = r.average.weights
	}
	r.encoder = newEncoder(t, n)
	var err error
	if r.optimizer, err = t.Optimizer.New(r.params); err != nil {
		return nil, err
	}
	return r, r.open()
}

// endEpoch evaluates, reports and saves.
func (r *run) endEpoch(ctx context.Context) error {
	epoch := r.at.Epoch
	if name := r.badValue(); name != "" {
		mean := r.epoch.Total / float64(max(r.epoch.Steps, 1))
		return fmt.Errorf("hybrid: after epoch %d: %w", epoch, r.nonFinite(r.at.Step-1, mean, name))
	}
	if err := r.evaluate(ctx, &r.epoch); err != nil {
		return fmt.Errorf("hybrid: evaluation after epoch %d: %w", epoch, err)
	}
	done := r.keep()
	r.at = schedule.Progress{Epoch: epoch + 1, Epochs: r.Epochs}
	if r.OnEpoch != nil {
		r.OnEpoch(done)
	}
	if err := r.saveAfterEpoch(done); err != nil {
		return fmt.Errorf("hybrid: after epoch %d: %w", epoch, err)
	}
	return nil
}

// stop ends a run that err interrupts, at the last whole step.
func (r *run) stop(ctx context.Context, err error) (*Result, error) {
	if r.batch > 0 {
		err = errors.Join(err, r.before.restore())
		r.batch = 0
	}
	err = r.saveOnCancel(ctx, err)
	r.keep()
	return r.result, err
}

// keep joins the epoch's report to the result and returns it.
func (r *run) keep() EpochReport {
	e := r.epoch
	r.epoch = EpochReport{}
	if e.Steps == 0 && e.NonFinite == 0 {
		return e
	}
	e.finish()
	r.result.Epochs = append(r.result.Epochs, e)
	r.result.Images += e.Images
	r.result.Seconds += e.Seconds
	r.result.ImagesPerSecond = rate(r.result.Images, r.result.Seconds)
	return e
}
