package experiment

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// Run trains one network, and keeps it in a folder. Data.NewRun fills it in; one of your own needs Network, Trainer with its
// streams, Train, Test and Manifest, as train.Trainer.Manifest returns it.
type Run struct {
	Method, Title string // names on command lines and in tables
	Network       *hybrid.Network
	// Trainer trains it. Its observers and functions come after the one that keeps figures; of Checkpoints only EverySteps, EveryEpochs
	// and Keep are heeded.
	Trainer           train.Trainer
	Train, Held, Test dataset.Dataset
	Counts            []int // that many, medium and few go by; nil: those of Train
	// Watch evaluates every Trainer.EvalEvery epochs, on Held, or on Test if there is none. Nothing is chosen by Test.
	Watch    bool
	HeldOnly bool                            // judge the final network on Held; nothing is tested on Test
	Choose   bool                            // test and keep the weights of the epoch that does best on Held, in place of the last
	Finish   func(ctx context.Context) error // makes the final classifier of the trained network; nil: it has it
	// Teacher trains the network that the losses learn from, before this one, and is kept in the folder teacher of Dir. nil: there is none, or
	// it is trained already.
	Teacher      *Run
	Manifest     manifest.Manifest // what the run is
	Augmentation []string          // for tables
	Told         string            // what to tell who trains of the weights that it begins with; "": nothing

	Dir    string // that keeps the run; "": nothing is kept
	Resume bool   // go on with what Dir has, or begin
	// Override lets a run go on, or a finished one go further, though these differ from what it was begun with. The manifest
	// and the report then say from which step on.
	Override manifest.Override
	Departed []manifest.Departure // what Do has used of it
	Settings any                  // settings.json, for the caller; nil: none

	taught *Report           // of Teacher, as far as it came
	begun  map[string][]byte // files of Dir, as they were before
}

// Do trains, tests, and keeps the run in Dir. A run that is finished there is not trained again: the report is the one it
// left. When ctx is cancelled, the run is saved, the report has what was reached, and the error wraps ctx.Err(). An error of
// any other kind that comes with a report ended the training.
//
// With Trainer.Ranks all ranks call it, and rank 0 alone has a folder, makes the final network, tests it, and has its figures in the report.
func (r *Run) Do(ctx context.Context) (*Report, error) {
	if r.follows() {
		r.Dir, r.Resume = "", false
	}
	earlier, release, done, err := r.open()
	defer release()
	if done, err = r.tell(done, err); done != nil || err != nil {
		return done, err
	}
	if err := r.teach(ctx); err != nil {
		report := r.reached(&train.Result{})
		report.stopped(err)
		return report, errors.Join(err, r.write(report))
	}
	t := r.Trainer
	if r.Dir != "" {
		t.Checkpoints.Dir, t.Checkpoints.Resume, t.Checkpoints.Override = filepath.Join(r.Dir, checkpoints), true, r.Override // begin saw what is there
		t.Observers = append([]record.Observer{&record.Files{Dir: r.Dir}}, t.Observers...)
	}
	var test dataset.Dataset
	switch {
	case r.Watch && r.Held != nil:
		t.Validation = r.Held
	case r.Watch:
		test = r.Test
	}
	fitted, err := t.Fit(ctx, r.Network, r.Train, test)
	if fitted == nil {
		return nil, errors.Join(r.byAnother(err), r.putBack())
	}
	r.Departed = fitted.NotBitForBit[min(earlier, len(fitted.NotBitForBit)):]
	r.Manifest.NotBitForBit = fitted.NotBitForBit
	report := r.reached(fitted)
	if r.follows() { // rank 0 alone completes it
		report.stopped(err)
		return report, err
	}
	if err == nil {
		err = r.complete(ctx, report, fitted)
	}
	report.stopped(err)
	return report, errors.Join(err, r.write(report))
}

// open prepares the folder of the run, which is this run's until release. earlier is how many departures there were before. done is the
// report of a run that is finished.
func (r *Run) open() (earlier int, release func(), done *Report, err error) {
	release = func() {}
	if done, err := r.look(); done != nil || err != nil { // needs no right to write there
		return 0, release, done, err
	}
	if r.Dir != "" {
		free, err := Lock(r.Dir)
		if err != nil {
			return 0, release, nil, err
		}
		release = func() { free() }
	}
	if was, err := readManifest(r.Dir); err == nil && was != nil && r.Dir != "" {
		earlier = len(was.NotBitForBit)
	}
	lost := r.lost()
	if done, err := r.begin(); done != nil || err != nil { // looks again, now that nobody else changes it
		return earlier, release, done, err
	}
	if lost != nil && r.Trainer.OnWarning != nil {
		err = r.Trainer.OnWarning(train.Warning{Kind: train.NoCheckpoint, Err: lost})
	}
	return earlier, release, nil, err
}

// judge names what epochs are evaluated on.
func (r *Run) judge() string {
	if r.Held != nil {
		return "held-out"
	}
	return "test"
}

// counts are those that many, medium and few go by.
func (r *Run) counts() []int {
	if r.Counts != nil {
		return r.Counts
	}
	return dataset.Counts(r.Train)
}

// complete makes the final network of a trained one, tests it, and saves it.
func (r *Run) complete(ctx context.Context, report *Report, fitted *train.Result) error {
	average := fitted.EMA
	last := fitted.Epochs[len(fitted.Epochs)-1]
	report.Figures = Figures{Weights: manifest.LastEpoch, Epoch: &last.Epoch}
	if r.Choose {
		if last.Validation == nil || fitted.Best == nil {
			return fmt.Errorf("experiment: epoch %d, the last, was not evaluated on the held-out images: resume for as many epochs as it was begun with, or more", last.Epoch)
		}
		report.Last = &Figures{Weights: manifest.LastEpoch, Epoch: &last.Epoch, HeldOut: percent(last.Validation.Top1)}
		if _, err := r.test(ctx, report.Last, average); err != nil {
			return err
		}
		best := fitted.Best
		report.Figures = Figures{Weights: r.Manifest.Selection, Epoch: &best.Epoch}
		for _, e := range fitted.Epochs {
			if e.Epoch == best.Epoch {
				report.HeldOut = percent(e.Validation.Top1)
			}
		}
		r.Network.SetWeights(best.Weights)
		if average != nil {
			average = fitted.BestEMA.Weights // of an epoch of its own
		}
	}
	if r.Finish != nil {
		began := time.Now()
		if err := r.Finish(ctx); err != nil {
			return err
		}
		report.Seconds += time.Since(began).Seconds()
		average = nil // has no such classifier
	}
	predictions, err := r.test(ctx, &report.Figures, average)
	if err != nil {
		return err
	}
	report.Predictions = predictions
	return r.saveModel(average)
}

// test fills in the figures of the network on the test set, and of its average weights; with HeldOnly those of the network on
// the held-out images. It returns what the network itself predicts.
func (r *Run) test(ctx context.Context, f *Figures, average *autograd.Weights) (*Predictions, error) {
	evaluator := hybrid.Evaluator{Batch: r.Trainer.EvalBatch, Workers: r.Trainer.Workers, BLAS: r.Trainer.BLAS}
	set := r.Test
	if r.HeldOnly {
		set, average = r.Held, nil
	}
	var own *Predictions
	for _, weights := range []*autograd.Weights{nil, average} {
		if weights == nil && own != nil {
			break
		}
		evaluator.Weights = weights
		predicted, err := evaluator.Predictions(ctx, r.Network, set)
		if err != nil {
			return nil, fmt.Errorf("testing the weights of the %s: %w", f.Weights, err)
		}
		all := &Predictions{dataset.Labels(set), predicted, r.HeldOnly}
		report, err := all.report(r.counts(), r.Trainer.Groups)
		if err != nil {
			return nil, err
		}
		switch {
		case weights != nil:
			f.Top1EMA = percent(report.Top1)
			continue
		case r.HeldOnly:
			f.HeldOut, f.HeldOutBalanced = percent(report.Top1), percent(report.Balanced)
		default:
			f.fill(report)
		}
		own = all
	}
	return own, nil
}
