package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// ClassBalancedWeights returns the weights of classes of n_c images by their effective number (arXiv 1901.05555),
//
//	w_c ∝ (1−β)/(1−β^{n_c})
//
// scaled to sum to the number of classes. β in [0, 1]: 0 weighs all alike, and 1 stands for the limit 1/n_c. A class
// without images is an error.
func ClassBalancedWeights(classCounts []int, beta float64) ([]float64, error) {
	if !(beta >= 0 && beta <= 1) {
		return nil, fmt.Errorf("loss: class-balanced weights: beta %v must be in [0, 1] (the paper uses 0.9999)", beta)
	}
	if err := checkCounts("class-balanced weights", classCounts); err != nil {
		return nil, err
	}
	w, sum := make([]float64, len(classCounts)), 0.0
	for c, n := range classCounts {
		// 1−β^n by expm1: near β = 1 the difference itself would lose its digits.
		if w[c] = -1 / math.Expm1(float64(n)*math.Log(beta)); beta == 1 {
			w[c] = 1 / float64(n)
		}
		sum += w[c]
	}
	for c := range w {
		w[c] *= float64(len(w)) / sum
	}
	return w, nil
}

// ClassBalanced is cross-entropy with the weights of ClassBalancedWeights (arXiv 1901.05555), Σ_i w_{y_i} ℓ_i / R.
// Prepare computes the weights from the class counts.
type ClassBalanced struct {
	// Beta β, at most 1; 0 means the paper's 0.9999, Off weighs all classes alike.
	Beta float64
	// DivideByWeights divides by the sum of the rows' weights instead of the number of rows, as the code of DRW does.
	DivideByWeights bool

	weights []float64
}

// Needs asks for logits.
func (c *ClassBalanced) Needs() Needs { return Needs{Logits: true} }

// Prepare computes the weights. A class without images is an error.
func (c *ClassBalanced) Prepare(classCounts []int) (err error) {
	c.weights, err = ClassBalancedWeights(classCounts, setting(c.Beta, 0.9999))
	return err
}

// Forward returns the loss. No rows give 0. It panics with *tensor.Error unless Prepare has been called.
func (c *ClassBalanced) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.ClassBalanced"
	mustKnowClasses(op, len(c.weights), checkLogits(op, in))
	ce := CrossEntropy{Weights: c.weights, Reduction: Mean}
	if c.DivideByWeights {
		ce.Reduction = WeightedMean
	}
	return ce.Forward(in)
}
