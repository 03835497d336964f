package posthoc

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/tensor"
)

// AdjustToPrior returns x_c + log(to_c/from_c) of logits [N, C]: the logits of a model whose probabilities are right where the
// classes are distributed as in from, turned into those that are right where they are distributed as in to (Saerens, Latinne and
// Decaestecker, 2002, formula 2.4). from is the training distribution for plain cross-entropy, and uniform for a model trained to
// serve all classes alike; AdjustLogits is the way from the one to the other. Both need a weight for each class, finite and not
// negative; sums are scaled to 1. A class that to gives no weight has −Inf, and is never predicted. One that has weight in to and
// none in from is an error, since the model was made not to predict it.
func AdjustToPrior(logits *tensor.Tensor, from, to []float64) (*tensor.Tensor, error) {
	if err := checkMatrix("logits", logits); err != nil {
		return nil, err
	}
	shift, err := PriorShift(from, to)
	if err != nil {
		return nil, err
	}
	if classes := logits.Dim(1); len(shift) != classes {
		return nil, fmt.Errorf("posthoc: priors of %d classes for logits of %d: give a weight for each", len(shift), classes)
	}
	out := tensor.New(logits.Shape()...)
	for i, x := range logits.Data() {
		out.Data()[i] = float32(float64(x) + shift[i%len(shift)])
	}
	return out, nil
}

// PriorShift returns log(to_c/from_c) of each class, what AdjustToPrior adds to logits; −Inf for a class without weight in to.
func PriorShift(from, to []float64) ([]float64, error) {
	p, err := priorOf("model's", from, len(from))
	if err != nil {
		return nil, err
	}
	q, err := priorOf("target", to, len(from))
	if err != nil {
		return nil, err
	}
	shift := make([]float64, len(from))
	for c := range shift {
		switch {
		case q[c] == 0:
			shift[c] = math.Inf(-1)
		case p[c] == 0:
			return nil, fmt.Errorf("posthoc: class %d has no weight in the model's prior, and %g in the target: give it none there, or more in the model's", c, to[c])
		default:
			shift[c] = math.Log(q[c]) - math.Log(p[c])
		}
	}
	return shift, nil
}

// PriorSettings say how EstimatePrior works.
type PriorSettings struct {
	Rounds    int     // at most; 0 means 10,000
	Tolerance float64 // it ends when no share changes by more in a round; 0 means 1e-6
}

// PriorEstimate is what EstimatePrior found.
type PriorEstimate struct {
	Prior     []float64 // of each class
	Rounds    int
	Converged bool // false: it ended by Rounds
}

// EstimatePrior estimates how the classes are distributed among unlabelled images, from the logits [N, C] of a model whose
// probabilities are right under the prior from (Saerens, Latinne and Decaestecker, 2002): expectation maximization, which comes
// to the prior that makes the images most likely, and is the better the better the probabilities are calibrated (FitTemperature).
// It begins with from: a class without weight there has none in the end. No images, and weights as those of AdjustToPrior must
// not be, are errors.
func EstimatePrior(logits *tensor.Tensor, from []float64, s PriorSettings) (PriorEstimate, error) {
	if err := checkMatrix("logits", logits); err != nil {
		return PriorEstimate{}, err
	}
	rows, classes := logits.Dim(0), logits.Dim(1)
	if rows == 0 {
		return PriorEstimate{}, errors.New("posthoc: no logits: a prior is estimated from images, which need no labels")
	}
	p, err := priorOf("model's", from, classes)
	if err != nil {
		return PriorEstimate{}, err
	}
	if s.Rounds < 0 || !(s.Tolerance >= 0) {
		return PriorEstimate{}, fmt.Errorf("posthoc: estimating a prior in %d rounds to within %g: both must be above 0, or 0 for 10000 and 1e-6", s.Rounds, s.Tolerance)
	}
	s.Rounds, s.Tolerance = cmp.Or(s.Rounds, 10000), cmp.Or(s.Tolerance, 1e-6)
	e, probs := PriorEstimate{Prior: p}, likelihoods(logits, p)
	sums, row := make([]float64, classes), make([]float64, classes)
	for ; e.Rounds < s.Rounds && !e.Converged; e.Rounds++ {
		clear(sums)
		for i := range rows {
			total := 0.0
			for c, v := range probs[i*classes : (i+1)*classes] {
				row[c] = e.Prior[c] * float64(v)
				total += row[c]
			}
			for c, v := range row {
				sums[c] += v / total
			}
		}
		next, most := make([]float64, classes), 0.0
		for c, sum := range sums {
			next[c] = sum / float64(rows)
			most = max(most, math.Abs(next[c]-e.Prior[c]))
		}
		e.Prior, e.Converged = next, most <= s.Tolerance
	}
	return e, nil
}

// likelihoods are p(c|x)/prior_c of each row, the largest of the row 1; 0 where the prior is 0.
func likelihoods(logits *tensor.Tensor, prior []float64) []float32 {
	classes := len(prior)
	all, row := make([]float32, logits.Len()), make([]float64, classes)
	for from := 0; from < len(all); from += classes {
		high := math.Inf(-1)
		for c, p := range prior {
			row[c] = float64(logits.Data()[from+c]) - math.Log(p) // +Inf for a class without weight
			if p > 0 {
				high = max(high, row[c])
			}
		}
		for c, p := range prior {
			if p > 0 {
				all[from+c] = float32(math.Exp(row[c] - high))
			}
		}
	}
	return all
}

// priorOf scales weights to the sum 1.
func priorOf(name string, weights []float64, classes int) ([]float64, error) {
	if len(weights) != classes {
		return nil, fmt.Errorf("posthoc: %s prior of %d classes where there are %d: give a weight for each", name, len(weights), classes)
	}
	largest := 0.0
	for c, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return nil, fmt.Errorf("posthoc: %s prior of class %d is %g: it must be finite and at least 0", name, c, w)
		}
		largest = max(largest, w)
	}
	if largest == 0 {
		return nil, fmt.Errorf("posthoc: %s prior has no weight for any of %d classes", name, classes)
	}
	prior, sum := make([]float64, classes), 0.0
	for c, w := range weights {
		prior[c] = w / largest // so that no sum overflows
		sum += prior[c]
	}
	for c := range prior {
		prior[c] /= sum
	}
	return prior, nil
}
