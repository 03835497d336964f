package metrics

import (
	"encoding/json"
	"fmt"
	"math"
)

// Rate is a fraction in [0, 1], or NaN for "not measured".
type Rate float64

// String returns the rate in percent with two decimals, such as 45.20, or n/a.
func (r Rate) String() string {
	if math.IsNaN(float64(r)) {
		return "n/a"
	}
	return fmt.Sprintf("%.2f", 100*float64(r))
}

// MarshalJSON returns the fraction, or null if not measured.
func (r Rate) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(r)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(r))
}

// UnmarshalJSON reads what MarshalJSON writes. A number outside [0, 1] is an error.
func (r *Rate) UnmarshalJSON(text []byte) error {
	var v *float64
	if err := json.Unmarshal(text, &v); err != nil {
		return fmt.Errorf("metrics: rate %s: it must be a number in [0, 1], or null: %w", text, err)
	}
	if v == nil {
		*r = Rate(math.NaN())
		return nil
	}
	if *v < 0 || *v > 1 {
		return fmt.Errorf("metrics: rate %s is outside [0, 1]: rates are fractions, not percent", text)
	}
	*r = Rate(*v)
	return nil
}

// ratio returns part/whole, NaN when there is nothing to measure.
func ratio(part, whole int) Rate {
	if whole == 0 {
		return Rate(math.NaN())
	}
	return Rate(float64(part) / float64(whole))
}

// Mean returns the mean of the rates that were measured, NaN when there are none.
func Mean(rates []Rate) Rate {
	sum, n := 0.0, 0
	for _, r := range rates {
		if v := float64(r); !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return Rate(sum / float64(n))
}

// mean returns the mean of the measured rates of the classes, NaN when there are none.
func mean(rates []Rate, classes []int) Rate {
	chosen := make([]Rate, len(classes))
	for i, c := range classes {
		chosen[i] = rates[c]
	}
	return Mean(chosen)
}
