package train

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// Trainer trains a network. Only Streams must be set; the zero values of the rest are the paper's CIFAR recipe.
//
// Runs may go on at once, even of one Trainer, on networks of their own. They may share data sets, samplers, schedules,
// transforms, optimizer rules and losses that are settings alone, such as loss.CrossEntropy. A network, and a loss that
// holds something between calls (class counts, prototypes, queues), belongs to one run at a time: Fit refuses another.
// Observers and functions are called by each run on its own goroutine; share only those that are made for it.
type Trainer struct {
	Streams hybrid.Streams // what to train on: hybrid.CE(), hybrid.SC(0.1) or your own
	Epochs  int            // 0 means 200
	// Batch is the number of samples each stream draws in a step; each is given once for each view. 0 means 512. An
	// epoch ends with the shortest stream's draws; a last, partial batch is dropped.
	Batch int
	// Accumulate is the number of batches in a step, for steps that do not fit into memory at once: the optimizer steps
	// once by the mean of their gradients, and a loss is the mean of theirs. A contrastive loss compares within a batch,
	// and batch norm has each batch's own statistics and moves its running ones by each. 0 means 1.
	Accumulate int
	// Chunk is how many samples of each stream pass the backbone at once, where a whole batch does not fit into memory but its
	// features do; it divides Batch. The losses see the whole batch, unlike with Accumulate, and their gradients are those of
	// one pass but for rounding: gradient caching (arXiv 2101.06983), at the price of a second forward pass. Batch norm in
	// training has the statistics of each chunk, and moves its running ones by each. 0: all at once.
	Chunk        int
	LearningRate schedule.Scheduler // nil means 0.5·Batch·Accumulate/512, cut tenfold after 60% and 80% of the epochs
	Optimizer    optim.Rule         // nil means SGD with momentum 0.9 and weight decay 1e-4
	ClipNorm     float64            // scale gradients down to this norm; 0: never
	EMA          EMA                // a moving average of the weights, evaluated beside them; zero: none
	KeyDecay     float64            // of the weights of the encoder that makes keys, see hybrid.Term.KeyViews; 0 means 0.999
	Seed         uint64             // of sampling and augmentation; the network has its own
	LimitSteps   int                // train on the first steps of each epoch only; 0: all
	Validation   dataset.Dataset    // what Best is chosen on: a part held out of training, see dataset.Holdout; nil: none
	EvalEvery    int                // evaluate after every so many epochs, and after the last; 0 means 1
	EvalBatch    int                // images evaluated at once, which may change figures by rounding; 0 means 128
	Groups       metrics.Grouping   // what counts as many, medium and few; nil means metrics.Groups{}
	Recompute    bool               // keep less for the backward pass and compute it again, see autograd.Mode: the same bits in less memory and more time
	// Precision is what convolutions multiply and keep for the backward pass: autograd.BFloat16 takes half the memory for it, and half
	// the time for products on processors with AVX512_BF16. Others round to the same numbers and multiply them as float32: a run
	// can go on there, with results that differ by rounding, at a third of float32's speed. Weights, sums, norms, losses, the optimizer and
	// evaluation are float32 in any case.
	Precision   autograd.Precision
	BLAS        blas.Float32   // dense products; nil means package blas. Another may cost the same-bits promise.
	Checkpoints Checkpoints    // save the run, and go on with it; zero: neither
	Notes       manifest.Notes // what manifests and checkpoints say of the run besides what is here, such as the method's name
	// HashImages is of how many images of each set manifests hash the pixels, see dataset.Sum: other images are another run. 0
	// means 256, dataset.AllImages all, HashNothing that they say "not hashed".
	HashImages int
	// SkipNonFinite is how many steps of a run are left out, and counted, where the loss or a gradient is not finite. The
	// next ends the run. 0: the first ends it. Losses that start anew with each epoch (loss.ProCo, prototype.ClassMean) do
	// not notice the end of an epoch whose last step is left out, and take two as one.
	SkipNonFinite int
	// Workers is how many goroutines read and augment images, ahead of training and evaluation: three batches of either are
	// in memory at most. Any number gives the same bits. 0 means GOMAXPROCS.
	Workers int

	// Ranks are the processes that train together, such as mpi.Open gives: each calls Fit with the same settings, data and weights, and
	// passes its part of every batch through the network. Batch is that of all. Losses see the rows of all ranks, contrasts between
	// ranks and their gradients included, so that a run has the numbers of one process but for rounding, dropout and batch norm. For a
	// number of ranks it has the same bits each time. nil: this process alone.
	//
	// Rank 0 tells Observers, warns, and writes checkpoints; it alone reads them to go on, with any number of ranks, and the weights all
	// begin with are its own. Functions are called on every rank. Ranks whose settings, data, versions or processors differ are an
	// error that names them, and so is a rank that fails or is cancelled, on all.
	Ranks distributed.Communicator
	// SyncBatchNorm gives batch norm in training the statistics of all ranks' rows, by messages in each layer. Otherwise a rank has
	// those of its own, and the running ones are the mean over ranks.
	SyncBatchNorm bool

	// Trace is told of each backward pass whose gradients are summed over Ranks, and of each sum, some of which go on beside it. It is
	// called on Fit's goroutine. nil: nobody is told.
	Trace func(Span)

	// Score ranks the epochs that are evaluated, the highest first: Result.Best has the weights of the best, and Patience waits
	// for a better one. Of two equal ones the first counts. With EMA the average weights are ranked by themselves, by a report
	// in which theirs are the figures. With Validation it sees those of no other set.
	//
	// nil means the top-1 accuracy on Validation, and without Validation that nothing is chosen. A Score of your own without
	// Validation sees the figures of the test set, and Best.On says so; with neither, those of training.
	Score func(EpochReport) float64
	// Patience ends the run well when so many epochs after the best none was better, see Result.Stopped. 0: never.
	Patience int

	// Observers are told of every step and epoch: &record.Progress{W: os.Stderr} writes how it goes, &record.Files{Dir: dir}
	// keeps the figures. They come before the functions below. All are called on Fit's goroutine; an error ends Fit, which
	// wraps it. A checkpoint never holds an epoch of which one failed: a run that goes on tells of it again.
	Observers []record.Observer
	OnStep    func(StepReport) error  // called after each step; nil: not
	OnEpoch   func(EpochReport) error // called after each epoch, evaluated if it is due; nil: not
	OnWarning func(Warning) error     // called for what is likely a mistake; its error ends Fit after the step; nil: not
	WarnAfter int                     // steps in a row before a warning of a loss; 0 means 100
}

// Fit trains n on train, in place, and evaluates it on Validation and on test, which may both be nil. Choosing looks at
// Validation, the figures of test are only reported. In the end n has the weights of the last step; those of the best epoch
// are in Result.Best. Each call starts with fresh optimizer state, unless Checkpoints.Resume makes it go on with an earlier
// run.
//
// When ctx is cancelled, Fit returns what was reached and an error that wraps ctx.Err() and context.Cause(ctx). A loss or
// gradient that is not finite ends it with *NonFiniteError. In both cases the weights are those of the last whole step;
// weights, running statistics and whatever else a checkpoint has that an update itself drives out of range are found at the
// end of the epoch at the latest.
func (t Trainer) Fit(ctx context.Context, n *hybrid.Network, train, test dataset.Dataset) (*Result, error) {
	release, err := claim(n, t.Streams)
	if err != nil {
		return nil, newRanks(t.communicator(), nil).agree(err)
	}
	defer release()
	run, err := t.start(ctx, n, train, test)
	if err != nil {
		return nil, newRanks(t.communicator(), nil).agree(err)
	}
	defer run.saver.close()
	if err := run.join(ctx); err != nil {
		return nil, err
	}
	ctx, done := run.ranks.context(ctx)
	defer done()
	if err := run.begin(); err != nil {
		return run.end(run.ranks.agree(err))
	}
	for run.at.Epoch < run.Epochs && run.result.Stopped == "" {
		plan, err := run.beginEpoch()
		if err != nil {
			return run.stop(ctx, err)
		}
		for b, err := range run.loader.Batches(ctx, plan, run.at.Step*run.Accumulate, run.at.Steps*run.Accumulate) {
			if err = run.ranks.agree(err); err == nil {
				err = tensor.Try(func() error { return run.step(b) })
			}
			if err == nil {
				err = run.saveInEpoch()
			}
			if err != nil {
				return run.stop(ctx, fmt.Errorf("train: stopped in epoch %d at step %d: %w", run.at.Epoch, run.at.Step, err))
			}
		}
		if err := run.endEpoch(ctx); err != nil {
			return run.stop(ctx, err)
		}
	}
	return run.end(run.ranks.finish())
}
