package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/average"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/internal/prefetch"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// run is a Trainer with its defaults filled in and the state of one Fit.
type run struct {
	Trainer
	network   *hybrid.Network
	train     dataset.Dataset
	test      dataset.Dataset
	labels    []int
	counts    []int
	params    []nn.Entry
	optimizer optim.Optimizer
	update    Step
	tape      *autograd.Tape   // of update
	average   *average.Average // of the weights; nil: none
	encoder   *average.Encoder // of keys; nil: no term takes them
	teachers  []*teacher       // of each stream; nil: it has none
	evaluator hybrid.Evaluator
	ranks     *ranks
	loader    prefetch.Loader[*batch.Batch, *batch.Scratch]
	watches   []watch // of the terms of all streams
	saver     saver

	at      schedule.Progress // the step to come
	batch   int               // batches of it that are done
	number  int               // steps of the epochs before
	warned  error             // of OnWarning
	before  average.Moving    // state as it was before the step's first batch
	report  StepReport        // sums over the batches
	epoch   EpochReport       // sums over the steps
	skipped int               // steps left out in this run
	last    time.Time         // when the step before ended
	result  *Result
}

func (t Trainer) start(ctx context.Context, n *hybrid.Network, train, test dataset.Dataset) (*run, error) {
	t.setDefaults()
	if err := t.check(n, train, test); err != nil {
		return nil, err
	}
	if t.Ranks.Rank() > 0 { // the others tell, warn and save nothing
		t.Observers, t.OnWarning, t.Checkpoints.Dir = nil, nil, ""
	}
	r := &run{Trainer: t, network: n, ranks: newRanks(t.Ranks, n), train: train, test: test, labels: dataset.Labels(train), counts: dataset.Counts(train),
		tape: autograd.NewTape(autograd.Mode{BLAS: t.BLAS}), evaluator: hybrid.Evaluator{Batch: t.EvalBatch, Workers: t.Workers, BLAS: t.BLAS},
		loader: prefetch.Loader[*batch.Batch, *batch.Scratch]{Workers: t.Workers}, at: schedule.Progress{Epochs: t.Epochs}, result: &Result{}}
	if err := tensor.Try(func() error { return checkStreams(t.Streams, n, r.counts, t.Epochs, t.Seed) }); err != nil {
		return nil, err
	}
	for _, s := range t.Streams {
		r.watches = append(r.watches, make([]watch, len(s.Terms))...)
	}
	all := trainable{n, t.Streams}
	nn.Name(all)
	r.params = nn.Params(all)
	if t.Accumulate > 1 {
		r.before = average.NewMoving(all)
	}
	if t.EMA.Decay > 0 {
		r.average = average.New(t.EMA.Decay, t.EMA.Warmup, n)
		r.result.EMA = r.average.Weights
	}
	r.encoder = average.NewEncoder(t.Streams, t.KeyDecay, t.Chunk, n)
	var err error
	if r.teachers, err = newTeachers(t.Streams, n, t.Chunk); err != nil {
		return nil, err
	}
	if r.optimizer, err = t.Optimizer.New(r.params); err != nil {
		return nil, err
	}
	r.update = Step{Params: r.params, Optimizer: r.optimizer, Tape: r.tape, ClipNorm: t.ClipNorm, Rho: rho(t.Streams), Trace: t.Trace, ranks: r.ranks}
	if err := r.open(ctx); err != nil {
		r.saver.close()
		return nil, err
	}
	return r, nil
}

// step trains on one batch, and updates when it is the step's last.
func (r *run) step(b *batch.Batch) error {
	at, rate := r.at, r.LearningRate.At(r.at)
	if !(rate >= 0) || !finite(rate) {
		return fmt.Errorf("the learning rate is %v: its schedule must give finite values that are not negative", rate)
	}
	mode := autograd.Mode{Train: true, Seed: r.ranks.seed(r.stepSeed()), BLAS: r.BLAS, Recompute: r.Recompute, Precision: r.Precision}
	if r.SyncBatchNorm && r.ranks.several() {
		mode.Sum = r.ranks.sumStatistics
	}
	r.resetOthers(mode)
	if r.batch == 0 {
		if err := r.before.Remember(); err != nil {
			return err
		}
		r.report = StepReport{At: at, LearningRate: rate}
		for i := range r.watches {
			r.watches[i].begin()
		}
		r.update.begin()
	}
	last := r.batch+1 == r.Accumulate
	total, err := r.update.add(mode, 1/float64(r.Accumulate), last, func(_ *autograd.Tape, again bool) (objective, error) { return r.losses(b, again) })
	if err != nil {
		return err
	}
	r.report.Total += total
	if r.batch++; !last {
		r.tape.Commit()
		return nil
	}
	r.report.mean(r.Accumulate)
	r.report.GradNorm = optim.GradNorm(r.params)
	if !finite(r.report.Total) || !finite(r.report.GradNorm) {
		return r.skip()
	}
	r.update.update(rate)
	if err := r.ranks.joinBuffers(); err != nil {
		return err
	}
	r.average.Update()
	r.encoder.Update()
	return r.stepDone()
}

// resetOthers begins a batch of the networks that are not trained.
func (r *run) resetOthers(m autograd.Mode) {
	r.encoder.Reset(m)
	for _, t := range r.teachers {
		t.reset(m)
	}
}

// stepDone moves on to the next step and reports this one.
func (r *run) stepDone() error {
	now := time.Now()
	seconds := now.Sub(r.last).Seconds()
	r.last = now
	r.report.ImagesPerSecond = rate(r.report.Images, seconds)
	r.report.Number = r.number + r.at.Step
	r.epoch.add(r.report)
	r.epoch.Seconds += seconds
	r.at.Step, r.batch = r.at.Step+1, 0
	r.checkWatches()
	return r.stepHooks()
}

// begin tells the observers where the run begins.
func (r *run) begin() error {
	r.countSteps()
	if err := r.observe("at the beginning", func(o record.Observer) error { return o.Begin(r.at.Epoch, r.number+r.at.Step) }); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if r.warned != nil {
		return fmt.Errorf("train: at the beginning: %w", r.warned)
	}
	return nil
}

// beginEpoch draws the samples of the epoch.
func (r *run) beginEpoch() (*batch.Plan, error) {
	r.countSteps()
	p, err := r.plan()
	if err = r.ranks.agree(err); err != nil {
		return nil, err
	}
	if r.at.Epoch == 0 {
		r.warnOfRate()
	}
	return p, r.checkDraws(p)
}

// endEpoch evaluates, reports and saves.
func (r *run) endEpoch(ctx context.Context) error {
	epoch := r.at.Epoch
	if err := r.checkFinite(); err != nil {
		return fmt.Errorf("train: after epoch %d: %w", epoch, err)
	}
	if err := r.evaluate(ctx, &r.epoch); err != nil {
		return fmt.Errorf("train: evaluation after epoch %d: %w", epoch, err)
	}
	r.epoch.Stopped = r.stale(r.epoch)
	r.warnOfMerged()
	done := r.epoch.finished()
	if err := r.epochHooks(done); err != nil {
		return fmt.Errorf("train: after epoch %d: %w", epoch, err)
	}
	r.keep()
	r.at = schedule.Progress{Epoch: epoch + 1, Epochs: r.Epochs}
	r.result.Stopped = done.Stopped
	if err := r.saveAfterEpoch(done); err != nil {
		return fmt.Errorf("train: after epoch %d: %w", epoch, err)
	}
	return nil
}

// stop ends a run that err interrupts, at the last whole step.
func (r *run) stop(ctx context.Context, err error) (*Result, error) {
	if r.batch > 0 {
		err = errors.Join(err, r.before.Restore())
		r.batch = 0
	}
	err = r.saveOnCancel(ctx, r.ranks.agree(err))
	r.keep()
	return r.end(err)
}

// end tells the observers that the run has ended.
func (r *run) end(err error) (*Result, error) {
	for i, o := range r.Observers {
		if failed := o.End(); failed != nil {
			err = errors.Join(err, fmt.Errorf("train: Observers[%d] (%T) at the end: %w", i, o, failed))
		}
	}
	return r.result, err
}

// keep joins the epoch's report to the result.
func (r *run) keep() {
	e := r.epoch
	r.epoch = EpochReport{}
	if e.Steps == 0 && e.NonFinite == 0 {
		return
	}
	e = e.finished()
	r.result.Epochs = append(r.result.Epochs, e)
	r.result.Images += e.Images
	r.result.Seconds += e.Seconds
	r.result.ImagesPerSecond = rate(r.result.Images, r.result.Seconds)
}
