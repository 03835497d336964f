package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// VectorScaling is the vector-scaling loss (arXiv 2103.01550). With n_c images of class c, q_c = n_c/Σn,
//
//	L = CE( Δ·x + τ·log q ), Δ_c = (n_c/max n)^γ
//
// averaged over the rows; evaluation uses the logits x as they are. γ = 0 is LogitAdjusted, γ and τ of 0 are CrossEntropy.
// Prepare computes Δ and q. A class without images cannot be a label. With τ > 0 it takes no part in the softmax; with
// τ = 0 it does, and if γ > 0, its logit is 0. Under Input.Mix it is the blend of the two labels' losses.
type VectorScaling struct {
	// Gamma γ; 0 means 0.3, which the authors' code begins with, and Off means 0. The paper chooses γ and τ on a held-out
	// split.
	Gamma float64
	// Tau τ, as in LogitAdjusted: 0 means 1, Off means 0.
	Tau float64

	scale, shift, logPrior []float64
}

// Needs asks for logits.
func (l *VectorScaling) Needs() Needs { return Needs{Logits: true} }

// Prepare computes scale and shift of the classes. It is an error if there are no images.
func (l *VectorScaling) Prepare(classCounts []int) (err error) {
	if err := checkSetting("vector-scaling", "Gamma", l.Gamma, 0.3); err != nil {
		return err
	}
	if err := checkSetting("vector-scaling", "Tau", l.Tau, 1); err != nil {
		return err
	}
	gamma, tau := setting(l.Gamma, 0.3), setting(l.Tau, 1)
	if l.logPrior, err = logPriors("vector-scaling", classCounts); err != nil {
		return err
	}
	most := 0
	for _, n := range classCounts {
		most = max(most, n)
	}
	l.scale, l.shift = make([]float64, len(classCounts)), make([]float64, len(classCounts))
	for c, n := range classCounts {
		l.scale[c] = math.Pow(float64(n)/float64(most), gamma)
		if tau > 0 { // 0·log 0 is 0
			l.shift[c] = tau * l.logPrior[c]
		}
	}
	return nil
}

// Forward returns the loss. No rows give 0. It panics with *tensor.Error unless Prepare has been called.
func (l *VectorScaling) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.VectorScaling"
	mustKnowClasses(op, len(l.scale), checkLogits(op, in))
	checkHasImages(op, in.Labels, l.logPrior)
	if in.Mix != nil {
		checkHasImages(op, in.Mix.Labels, l.logPrior)
	}
	logp := make([]float64, len(l.scale))
	return meanOverLabels(op, in, nil, Mean, func(x []float32, y int, share float64, dx []float64) float64 {
		for j, v := range x {
			logp[j] = l.scale[j]*float64(v) + l.shift[j]
		}
		logSoftmax(logp)
		for j, lp := range logp {
			dx[j] += share * l.scale[j] * math.Exp(lp)
		}
		dx[y] -= share * l.scale[y]
		return -logp[y]
	})
}
