package metrics

import (
	"cmp"
	"fmt"
	"math"
)

// Interval is a range of rates; NaN at both ends for "not measured".
type Interval struct {
	Low  Rate `json:"low"`
	High Rate `json:"high"`
}

// String returns the ends in percent, such as 40.38–59.62, or n/a.
func (i Interval) String() string {
	if math.IsNaN(float64(i.Low)) {
		return "n/a"
	}
	return fmt.Sprintf("%v–%v", i.Low, i.High)
}

// Wilson returns the score interval for the rate behind part of whole (Wilson, 1927): the rates p that part/whole lies
// within z·√(p(1−p)/whole) of, z the normal quantile of the confidence. Unlike the textbook ± it stays in [0, 1] and is
// right for few images and for rates near 0 and 1. A confidence of 0 means 0.95. A whole of 0 gives n/a.
func Wilson(part, whole int, confidence float64) (Interval, error) {
	if !(confidence >= 0 && confidence < 1) {
		return Interval{}, fmt.Errorf("metrics: Wilson interval of confidence %g: it must be between 0 and 1, or 0 for 0.95",
			confidence)
	}
	if part < 0 || part > whole {
		return Interval{}, fmt.Errorf("metrics: Wilson interval of %d out of %d: it must be at least 0 and at most the whole",
			part, whole)
	}
	if whole == 0 {
		return Interval{Rate(math.NaN()), Rate(math.NaN())}, nil
	}
	z, n := math.Sqrt2*math.Erfinv(cmp.Or(confidence, 0.95)), float64(whole)
	p, square := float64(part)/n, z*z/n
	middle, half := (p+square/2)/(1+square), z*math.Sqrt(p*(1-p)/n+square/(4*n))/(1+square)
	i := Interval{Rate(max(middle-half, 0)), Rate(min(middle+half, 1))}
	if part == 0 {
		i.Low = 0 // rather than rounding's leftovers
	}
	if part == whole {
		i.High = 1
	}
	return i, nil
}
