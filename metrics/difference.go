package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Difference is by how much one figure is above another, and how sure that is.
type Difference struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"` // of the interval
	High float64 `json:"high"`
	// P is twice the share of draws on the other side of 0, as a p-value is read: small where the sign of Mean is hardly chance.
	P float64 `json:"p"`
}

// NewDifference makes a percentile interval of the differences in draws, as those of Resample. mean is what was measured. A
// confidence of 0 means 0.95.
func NewDifference(mean float64, draws []float64, confidence float64) (Difference, error) {
	if !(confidence >= 0 && confidence < 1) {
		return Difference{}, fmt.Errorf("metrics: interval of confidence %g: it must be between 0 and 1, or 0 for 0.95", confidence)
	}
	confidence = cmp.Or(confidence, 0.95)
	if len(draws) == 0 {
		return Difference{}, errors.New("metrics: interval of no draws")
	}
	sorted := slices.Clone(draws)
	slices.Sort(sorted)
	below, above := 0, 0
	for _, d := range sorted {
		if math.IsNaN(d) {
			return Difference{}, errors.New("metrics: interval of draws of which one is NaN")
		}
		if d <= 0 {
			below++
		}
		if d >= 0 {
			above++
		}
	}
	out := int(math.Floor((1-confidence)/2*float64(len(sorted)) + 1e-9)) // on either side
	return Difference{mean, sorted[out], sorted[len(sorted)-1-out], min(1, 2*float64(min(below, above)+1)/float64(len(sorted)+1))}, nil
}

// WithinNoise tells whether the interval has 0 in it.
func (d Difference) WithinNoise() bool { return d.Low <= 0 && d.High >= 0 }
