package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Worst returns the k classes of the lowest rates, the lowest first, and their mean. Of equal rates the lower class comes
// first. Classes that were not measured are left out; if that leaves fewer than k, all are returned, and without any the
// mean is NaN. A k below 1 is an error.
func Worst(rates []Rate, k int) (classes []int, mean Rate, err error) {
	if k < 1 {
		return nil, 0, fmt.Errorf("metrics: the worst %d classes: ask for at least 1", k)
	}
	for class, r := range rates {
		if !math.IsNaN(float64(r)) {
			classes = append(classes, class)
		}
	}
	slices.SortStableFunc(classes, func(a, b int) int { return cmp.Compare(rates[a], rates[b]) })
	classes = classes[:min(k, len(classes))]
	worst := make([]Rate, len(classes))
	for i, class := range classes {
		worst[i] = rates[class]
	}
	return classes, Mean(worst), nil
}
