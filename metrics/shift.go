package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// ShiftedPrior returns a distribution of test classes that falls exponentially along their rank by training images, as
// test sets of arXiv 2012.00321 do: the most frequent class is ratio times as likely as the rarest. A ratio above 1 is a
// test set skewed like the training set (forward), 1 the uniform one, below 1 the reverse (backward): 50 and 1/50 are
// usual. Classes of equal counts rank by their index. No classes, negative counts and a ratio that is not positive and
// finite are errors.
func ShiftedPrior(trainCounts []int, ratio float64) ([]float64, error) {
	if !(ratio > 0) || math.IsInf(ratio, 1) {
		return nil, fmt.Errorf("metrics: shifted prior of ratio %g: it must be positive and finite; 1 is uniform", ratio)
	}
	if len(trainCounts) == 0 {
		return nil, fmt.Errorf("metrics: shifted prior without classes: give the number of training images of each")
	}
	order := make([]int, len(trainCounts))
	for class, n := range trainCounts {
		if n < 0 {
			return nil, fmt.Errorf("metrics: training count of class %d is %d: counts start at 0", class, n)
		}
		order[class] = class
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(trainCounts[b], trainCounts[a]) })
	prior, total := make([]float64, len(order)), 0.0
	for rank, class := range order {
		// Measured from the likelier end, so that no ratio overflows.
		at := float64(rank)
		if ratio < 1 {
			at = float64(rank - (len(order) - 1))
		}
		prior[class] = math.Pow(ratio, -at/float64(max(len(order)-1, 1)))
		total += prior[class]
	}
	for class := range prior {
		prior[class] /= total
	}
	return prior, nil
}

// Top1Under returns what Top1 would be on a test set whose classes had the distribution of the prior: the mean of the
// classes' accuracies, weighted by it. A class without test images is left out, and the others' weights grow; without
// any weight the result is NaN. The prior needs a weight for each class, finite and not negative; its sum is scaled to 1.
func (c *Confusion) Top1Under(prior []float64) (Rate, error) {
	if len(prior) != c.Classes() {
		return 0, fmt.Errorf("metrics: prior of %d classes for a confusion of %d: give a weight for each", len(prior), c.Classes())
	}
	largest := 0.0
	for class, w := range prior {
		if !(w >= 0) || math.IsInf(w, 1) {
			return 0, fmt.Errorf("metrics: prior of class %d is %g: it must be finite and at least 0", class, w)
		}
		if c.images[class] > 0 {
			largest = max(largest, w)
		}
	}
	sum, total := 0.0, 0.0
	for class, accuracy := range c.PerClass() {
		if c.images[class] > 0 {
			w := prior[class] / largest // so that no sum overflows
			sum += w * float64(accuracy)
			total += w
		}
	}
	return Rate(sum / total), nil
}
