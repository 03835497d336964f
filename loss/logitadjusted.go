package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// LogitAdjusted is the logit-adjusted loss (arXiv 2007.07314). With n_c images of class c, q_c = n_c/Σn,
//
//	L = CE( x + τ·log q )
//
// averaged over the rows; evaluation uses the logits x as they are. τ = 1 is the balanced softmax (arXiv 2007.10740).
// Prepare computes q. A class without images takes no part in the softmax, the limit of the formula, unless τ is Off,
// and cannot be a label. Under Input.Mix it is the blend of the two labels' losses.
type LogitAdjusted struct {
	// Tau τ; 0 means the paper's 1, Off is CrossEntropy.
	Tau float64

	logPrior []float64
}

// Needs asks for logits.
func (l *LogitAdjusted) Needs() Needs { return Needs{Logits: true} }

// Prepare computes the priors of the classes. It is an error if there are no images.
func (l *LogitAdjusted) Prepare(classCounts []int) (err error) {
	if err := checkSetting("logit-adjusted", "Tau", l.Tau, 1); err != nil {
		return err
	}
	l.logPrior, err = logPriors("logit-adjusted", classCounts)
	return err
}

// Forward returns the loss. No rows give 0. It panics with *tensor.Error unless Prepare has been called.
func (l *LogitAdjusted) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.LogitAdjusted"
	mustKnowClasses(op, len(l.logPrior), checkLogits(op, in))
	return adjusted(op, in, setting(l.Tau, 1), l.logPrior)
}

// adjusted is cross-entropy of the logits + tau·logPrior.
func adjusted(op string, in Input, tau float64, logPrior []float64) (*autograd.Var, Stats) {
	checkHasImages(op, in.Labels, logPrior)
	if in.Mix != nil {
		checkHasImages(op, in.Mix.Labels, logPrior)
	}
	logp := make([]float64, len(logPrior))
	return meanOverLabels(op, in, nil, Mean, func(x []float32, y int, share float64, dx []float64) float64 {
		for j, v := range x {
			logp[j] = float64(v)
			if tau > 0 { // 0·log 0 is 0
				logp[j] += tau * logPrior[j]
			}
		}
		logSoftmax(logp)
		for j, lp := range logp {
			dx[j] += share * math.Exp(lp)
		}
		dx[y] -= share
		return -logp[y]
	})
}

// logPriors returns log n_c/Σn, −Inf for a class without images.
func logPriors(name string, classCounts []int) ([]float64, error) {
	sum := 0.0
	for c, n := range classCounts {
		if n < 0 {
			return nil, fmt.Errorf("loss: %s: class %d has %d training images", name, c, n)
		}
		sum += float64(n)
	}
	if sum == 0 {
		return nil, fmt.Errorf("loss: %s: no class has training images: there are no priors to adjust by", name)
	}
	q := make([]float64, len(classCounts))
	for c, n := range classCounts {
		q[c] = math.Log(float64(n) / sum)
	}
	return q, nil
}
