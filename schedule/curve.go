package schedule

import "math"

// Curve maps the progress t in [0, 1] of training to α in [0, 1], the weight of the feature branch; the classifier
// branch has 1 − α. The curves below are those that arXiv 2103.14267 compares; any function of the caller's is as good.
type Curve func(t float64) float64

// ParabolicDecay is 1 − t², the curve that arXiv 2103.14267 settles on.
func ParabolicDecay(t float64) float64 { return 1 - t*t }

// LinearDecay is 1 − t.
func LinearDecay(t float64) float64 { return 1 - t }

// CosineDecay is cos(πt/2).
func CosineDecay(t float64) float64 { return math.Cos(math.Pi * t / 2) }

// ParabolicIncrement is t²: the classifier first, the feature last.
func ParabolicIncrement(t float64) float64 { return t * t }

// StepDecay returns the curve that is 1 for t < at and 0 from there on: the feature alone, then the classifier alone.
func StepDecay(at float64) Curve {
	return func(t float64) float64 {
		if t < at {
			return 1
		}
		return 0
	}
}
