package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// Focal is the focal loss (arXiv 1708.02002). With p_y the softmax's probability of the label,
//
//	L = −(1−p_y)^γ · log p_y
//
// averaged over the rows: rows that are right already count less. Under Input.Mix it is the blend of the two labels'
// losses.
type Focal struct {
	// Gamma γ; 0 means the paper's 2, Off is cross-entropy.
	Gamma float64
	// Weights of the classes, the paper's α; nil: all 1. The mean is over the rows whatever their weights.
	Weights []float64
}

const focalGamma = 2

// Needs asks for logits.
func (f *Focal) Needs() Needs { return Needs{Logits: true} }

// Prepare checks the settings.
func (f *Focal) Prepare(classCounts []int) error {
	if err := checkSetting("focal", "Gamma", f.Gamma, focalGamma); err != nil {
		return err
	}
	return checkWeights("focal", f.Weights, len(classCounts))
}

// Forward returns the loss. No rows give 0.
func (f *Focal) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.Focal"
	classes := checkLogits(op, in)
	mustPrepare(op, f.Prepare(make([]int, classes)))
	gamma, logp := setting(f.Gamma, focalGamma), make([]float64, classes)
	return meanOverLabels(op, in, f.Weights, Mean, func(x []float32, y int, share float64, dx []float64) float64 {
		for j, v := range x {
			logp[j] = float64(v)
		}
		logSoftmax(logp)
		l := logp[y]
		wrong := -math.Expm1(l) // 1−p, to full precision near p = 1
		slope := -math.Pow(wrong, gamma)
		loss := slope * l
		if wrong > 0 {
			slope += gamma * math.Pow(wrong, gamma-1) * math.Exp(l) * l
		}
		for j, lp := range logp { // ∂ log p_y/∂x_j = [j = y] − p_j
			dx[j] -= share * slope * math.Exp(lp)
		}
		dx[y] += share * slope
		return loss
	})
}
