package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// LabelAwareSmoothing is cross-entropy whose labels are smoothed by how frequent they are (MiSLAS, arXiv 2104.00466), since a
// network is too sure of the classes it has seen most. With p = softmax(x) and n_c images of class c, n_1 most and n_K least,
//
//	L   = (1−ε_y)·(−log p_y) + ε_y·(1/C)·Σ_j −log p_j
//	ε_c = ε_K + (ε_1−ε_K)·f( (n_c−n_K)/(n_1−n_K) )
//
// averaged over the rows; f is Curve's. Where all classes have as many images, ε is ε_1. Prepare computes ε. Under Input.Mix it
// is the blend of the two labels' losses.
type LabelAwareSmoothing struct {
	// Head ε_1, of the most frequent class, below 1; 0 means the authors' 0.3 for up to ten classes and 0.4 for more, Off
	// means 0.
	Head float64
	// Tail ε_K, of the rarest class, below 1; 0 means the authors' 0 for up to ten classes and 0.1 for more, Off means 0.
	Tail float64
	// Curve between the two.
	Curve SmoothingCurve

	epsilon []float64
}

// SmoothingCurve is f of LabelAwareSmoothing, from f(0) = 0 to f(1) = 1.
type SmoothingCurve int

const (
	Concave SmoothingCurve = iota // sin(πt/2), the authors' choice
	Linear                        // t
	Convex                        // 1 − cos(πt/2)
)

func (s SmoothingCurve) at(t float64) float64 {
	switch s {
	case Linear:
		return t
	case Convex:
		return 1 - math.Cos(math.Pi*t/2)
	}
	return math.Sin(math.Pi * t / 2)
}

// Needs asks for logits.
func (l *LabelAwareSmoothing) Needs() Needs { return Needs{Logits: true} }

// Prepare computes ε of the classes.
func (l *LabelAwareSmoothing) Prepare(classCounts []int) error {
	head, tail := 0.3, 0.0
	if len(classCounts) > 10 {
		head, tail = 0.4, 0.1
	}
	head, tail = setting(l.Head, head), setting(l.Tail, tail)
	for _, s := range []struct {
		name  string
		given float64
		value float64
	}{{"Head", l.Head, head}, {"Tail", l.Tail, tail}} {
		if !(s.value >= 0 && s.value < 1) {
			return fmt.Errorf("loss: label-aware smoothing: %s %v must be in [0, 1), 0 means the authors' and loss.Off 0", s.name, s.given)
		}
	}
	if l.Curve < Concave || l.Curve > Convex {
		return fmt.Errorf("loss: label-aware smoothing: Curve %d is not Concave, Linear or Convex", l.Curve)
	}
	most, least := 0, math.MaxInt
	for _, n := range classCounts {
		most, least = max(most, n), min(least, n)
	}
	l.epsilon = make([]float64, len(classCounts))
	for c, n := range classCounts {
		t := 1.0
		if most > least {
			t = float64(n-least) / float64(most-least)
		}
		l.epsilon[c] = tail + (head-tail)*l.Curve.at(t)
	}
	return nil
}

// Forward returns the loss. No rows give 0. It panics with *tensor.Error unless Prepare has been called.
func (l *LabelAwareSmoothing) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.LabelAwareSmoothing"
	mustKnowClasses(op, len(l.epsilon), checkLogits(op, in))
	logp := make([]float64, len(l.epsilon))
	return meanOverLabels(op, in, nil, Mean, func(x []float32, y int, share float64, dx []float64) float64 {
		for j, v := range x {
			logp[j] = float64(v)
		}
		logSoftmax(logp)
		epsilon, mean := l.epsilon[y], 0.0
		even := epsilon / float64(len(logp))
		for j, lp := range logp {
			dx[j] += share * (math.Exp(lp) - even)
			mean -= lp / float64(len(logp))
		}
		dx[y] -= share * (1 - epsilon)
		return -(1-epsilon)*logp[y] + epsilon*mean
	})
}
