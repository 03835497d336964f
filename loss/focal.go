package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// Focal is the focal loss (arXiv 1708.02002). With p_y the softmax's probability of the label,
//
//	L = −(1−p_y)^γ · log p_y
//
// averaged over the rows: rows that are right already count less. Under Input.Mix it is the blend of the two labels'
// losses. The zero value is cross-entropy.
type Focal struct {
	// Gamma γ ≥ 0; the paper uses 2, and 0 is cross-entropy.
	Gamma float64
	// Weights of the classes, the paper's α; nil: all 1. The mean is over the rows whatever their weights.
	Weights []float64
}

// Needs asks for logits.
func (f *Focal) Needs() Needs { return Needs{Logits: true} }

// Prepare checks the settings.
func (f *Focal) Prepare(classCounts []int) error {
	if !(f.Gamma >= 0) || math.IsInf(f.Gamma, 1) {
		return fmt.Errorf("loss: focal: gamma %v must be finite and not negative (the paper uses 2)", f.Gamma)
	}
	return checkWeights("focal", f.Weights, len(classCounts))
}

// Forward returns the loss. No rows give 0.
func (f *Focal) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.Focal"
	classes := checkLogits(op, in)
	mustPrepare(op, f.Prepare(make([]int, classes)))
	logp := make([]float64, classes)
	return meanOverLabels(op, in, f.Weights, Mean, func(x []float32, y int, share float64, dx []float64) float64 {
		for j, v := range x {
			logp[j] = float64(v)
		}
		logSoftmax(logp)
		l := logp[y]
		wrong := -math.Expm1(l) // 1−p, to full precision near p = 1
		slope := -math.Pow(wrong, f.Gamma)
		loss := slope * l
		if wrong > 0 {
			slope += f.Gamma * math.Pow(wrong, f.Gamma-1) * math.Exp(l) * l
		}
		for j, lp := range logp { // ∂ log p_y/∂x_j = [j = y] − p_j
			dx[j] -= share * slope * math.Exp(lp)
		}
		dx[y] += share * slope
		return loss
	})
}
