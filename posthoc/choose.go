package posthoc

import (
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Trial is a value that was tried and its balanced accuracy on the held-out split.
type Trial struct {
	Value    float64      `json:"value"`
	Accuracy metrics.Rate `json:"accuracy"`
}

// Choose returns the candidate whose scores of held-out images have the best balanced accuracy, the first of equals, and
// how all did. scores gives the scores [N, C] of one candidate. No candidates and no held-out images are errors.
func Choose(candidates []float64, labels []int, scores func(v float64) (*tensor.Tensor, error)) (float64, []Trial, error) {
	if len(candidates) == 0 {
		return 0, nil, errors.New("posthoc: no candidates to choose from")
	}
	if len(labels) == 0 {
		return 0, nil, errors.New("posthoc: no held-out images to choose by: hold some back from training (dataset.Holdout)")
	}
	if scores == nil {
		return 0, nil, errors.New("posthoc: the function that gives a candidate's scores is nil")
	}
	best, trials := 0, make([]Trial, len(candidates))
	for i, v := range candidates {
		s, err := scores(v)
		if err != nil {
			return 0, nil, fmt.Errorf("posthoc: candidate %g: %w", v, err)
		}
		c, err := Judge(s, labels)
		if err != nil {
			return 0, nil, fmt.Errorf("posthoc: candidate %g: %w", v, err)
		}
		trials[i] = Trial{v, c.BalancedAccuracy()}
		if trials[i].Accuracy > trials[best].Accuracy {
			best = i
		}
	}
	return candidates[best], trials, nil
}

// ChooseAdjustment chooses the tau of [AdjustLogits] by held-out logits [N, C]; counts are those of the training set. nil
// candidates are 0, 0.1, …, 2.
func ChooseAdjustment(logits *tensor.Tensor, labels, counts []int, candidates []float64) (float64, []Trial, error) {
	return Choose(orTaus(candidates), labels, func(tau float64) (*tensor.Tensor, error) {
		return AdjustLogits(logits, counts, tau)
	})
}

// ChooseTau chooses the tau of [TauNormalize] by a held-out set. nil candidates are 0, 0.1, …, 2.
func ChooseTau(head *nn.Linear, held Set, candidates []float64) (float64, []Trial, error) {
	return Choose(orTaus(candidates), held.Labels, func(tau float64) (*tensor.Tensor, error) {
		normalized, err := TauNormalize(head, tau)
		if err != nil {
			return nil, err
		}
		return Logits(normalized, held.Features)
	})
}

// ChooseK chooses the K of a [KNN] by a held-out set; train must not hold its images. Candidates must be whole numbers;
// nil ones are 1, 5, 10, 20, 50, 100 and 200.
func ChooseK(k KNN, train, held Set, candidates []float64) (float64, []Trial, error) {
	if candidates == nil {
		candidates = []float64{1, 5, 10, 20, 50, 100, 200}
	}
	return Choose(candidates, held.Labels, func(v float64) (*tensor.Tensor, error) {
		if v != math.Trunc(v) || v < 1 || v > 1e9 {
			return nil, errors.New("posthoc: a number of neighbours must be a whole number of at least 1")
		}
		k.K = int(v)
		return k.Scores(train, held.Features)
	})
}

func orTaus(candidates []float64) []float64 {
	if candidates != nil {
		return candidates
	}
	taus := make([]float64, 21)
	for i := range taus {
		taus[i] = float64(i) / 10
	}
	return taus
}
