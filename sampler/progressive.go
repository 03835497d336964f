package sampler

import (
	"fmt"

	"github.com/longtail-ml/longtail/schedule"
)

// Progressive moves from the odds of [Instance] to those of [ClassBalanced] as training goes on (progressively balanced
// sampling, arXiv 1910.09217): class c of C with n_c of N images has the probability
//
//	(1 − t)·n_c/N + t/C, with t = Epoch/Epochs
//
// and then one of its images is drawn uniformly, with replacement.
type Progressive struct {
	// Balance is t, asked for at the first step of each epoch; it must stay in [0, 1]. nil means Epoch/Epochs with the
	// first epoch 0, so that the last one still has t = 1 − 1/Epochs.
	Balance   schedule.Scheduler
	SkipEmpty bool // draw from the classes that have images, as in ClassBalanced
}

// Epoch returns len(labels) draws. Its errors are those of [ClassBalanced], and a Balance outside [0, 1].
func (s Progressive) Epoch(labels []int, p Plan) ([]int, error) {
	at := p.At
	at.Step = 0 // so that a run resumed within an epoch repeats that epoch's draws
	t := at.ByEpoch()
	if s.Balance != nil {
		t = s.Balance.At(at)
	}
	if !(t >= 0 && t <= 1) {
		return nil, fmt.Errorf("sampler: Progressive.Balance is %g in epoch %d: it must stay in [0, 1]", t, p.At.Epoch)
	}
	return weighted(labels, p, s.SkipEmpty, func(counts []float64) []float64 {
		each := t / float64(len(counts))
		for c, n := range counts {
			counts[c] = (1-t)*n/float64(len(labels)) + each
		}
		return counts
	})
}
