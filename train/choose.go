package train

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/nn"
)

// judge names what Score looks at, "" if nothing is chosen.
func (t Trainer) judge(test dataset.Dataset) string {
	switch {
	case t.Validation != nil:
		return OnValidation
	case t.Score == nil:
		return ""
	case test != nil:
		return OnTest
	}
	return OnTraining
}

// choose scores an epoch that was evaluated, and keeps its weights if they are the best. Doing it twice is doing it once.
func (r *run) choose(e *EpochReport) error {
	if r.judge(r.test) == "" {
		return nil
	}
	seen := e.finished()
	seen.EMA, seen.ValidationEMA = nil, nil
	if r.Validation != nil {
		seen.Test = nil
	}
	var err error
	if e.Score, err = r.rank(&r.result.Best, seen, nil); err != nil || r.average == nil || r.judge(r.test) == OnTraining {
		return err
	}
	seen.Test, seen.Validation = e.EMA, e.ValidationEMA
	if r.Validation != nil {
		seen.Test = nil
	}
	e.ScoreEMA, err = r.rank(&r.result.BestEMA, seen, r.average.Weights)
	return err
}

// rank scores a report of the weights w, nil being the network's own, and replaces the best by them if they are better.
func (r *run) rank(best **Best, e EpochReport, w *autograd.Weights) (*float64, error) {
	score := 0.0
	if r.Score == nil {
		score = float64(e.Validation.Top1)
	} else {
		score = r.Score(e)
	}
	score, err := r.ranks.same(score) // which a function may make of a time
	if err != nil {
		return nil, err
	}
	if !finite(score) {
		return nil, fmt.Errorf("Trainer.Score is %v: it must be a finite number, the higher the better", score)
	}
	if *best != nil && score <= (*best).Score {
		return &score, nil
	}
	if *best == nil {
		*best = &Best{Weights: autograd.Snapshot(nn.Tensors(r.network)...)}
	}
	b := *best
	b.Epoch, b.Score, b.On = e.Epoch, score, r.judge(r.test)
	for _, x := range nn.Tensors(r.network) {
		from := w.Of(x)
		if from == nil {
			from = x
		}
		b.Weights.Of(x).CopyFrom(from)
	}
	return &score, nil
}

// stale says why a run need not go on after an epoch, "" if it should.
func (r *run) stale(e EpochReport) string {
	if r.Patience == 0 || e.Score == nil {
		return ""
	}
	last := r.result.Best.Epoch
	if b := r.result.BestEMA; b != nil {
		last = max(last, b.Epoch)
	}
	if e.Epoch-last < r.Patience {
		return ""
	}
	return fmt.Sprintf("no better score in the %d epochs after epoch %d (Trainer.Patience)", e.Epoch-last, last)
}
