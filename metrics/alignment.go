package metrics

import (
	"fmt"
	"math"
)

// Alignment returns the mean squared distance ‖a_i − b_i‖² of pairs that belong together, such as two views of an image
// (arXiv 2005.10242, α = 2): 0 is perfect, and unit rows give at most 4. a and b are [rows, dim], row-major; NaN without
// rows. Lengths that do not fit and values that are not finite are errors.
func Alignment(a, b []float32, dim int) (float64, error) {
	rows, err := checkRows("a", a, dim)
	if err != nil {
		return 0, err
	}
	if _, err := checkRows("b", b, dim); err != nil {
		return 0, err
	}
	if len(a) != len(b) {
		return 0, fmt.Errorf("metrics: alignment of %d rows with %d: there must be as many", rows, len(b)/dim)
	}
	sum := 0.0
	for i, v := range a {
		d := float64(v) - float64(b[i])
		sum += d * d
	}
	return sum / float64(rows), nil
}

// ClassAlignment returns for each class the mean squared distance of its pairs of rows, and the mean over the classes,
// each of which counts alike. A class with fewer than two rows is NaN and left out of the mean. x is [len(labels), dim],
// row-major. The pairs need not be gone through: it takes time for rows·dim.
func ClassAlignment(x []float32, dim int, labels []int, classes int) (perClass []float64, mean float64, err error) {
	rows, err := checkRows("x", x, dim)
	if err != nil {
		return nil, 0, err
	}
	if rows != len(labels) {
		return nil, 0, fmt.Errorf("metrics: alignment of %d rows with %d labels: give a label for each row", rows, len(labels))
	}
	if classes < 0 || classes > mostClasses {
		return nil, 0, fmt.Errorf("metrics: alignment of %d classes: there must be at least 0 and at most %d", classes, mostClasses)
	}
	sums, counts := map[int][]float64{}, make([]int, classes)
	for i, y := range labels {
		if y < 0 || y >= classes {
			return nil, 0, fmt.Errorf("metrics: label %d of row %d: classes go from 0 to %d", y, i, classes-1)
		}
		if counts[y]++; counts[y] == 1 {
			sums[y] = make([]float64, dim)
		}
		sum := sums[y]
		for k, v := range x[i*dim : (i+1)*dim] {
			sum[k] += float64(v)
		}
	}
	// The mean over ordered pairs of different rows is 2n/(n−1) times the mean squared distance to the class's mean.
	perClass = make([]float64, classes)
	for i, y := range labels {
		sum := sums[y]
		for k, v := range x[i*dim : (i+1)*dim] {
			d := float64(v) - sum[k]/float64(counts[y])
			perClass[y] += d * d
		}
	}
	measured := 0
	for c, n := range counts {
		if n < 2 {
			perClass[c] = math.NaN()
			continue
		}
		perClass[c] *= 2 / float64(n-1)
		mean += perClass[c]
		measured++
	}
	return perClass, mean / float64(measured), nil
}

// checkRows returns the number of rows of x, [rows, dim].
func checkRows(name string, x []float32, dim int) (int, error) {
	if dim < 1 || len(x)%dim != 0 {
		return 0, fmt.Errorf("metrics: %d values of %s in rows of %d: rows must be whole", len(x), name, dim)
	}
	for i, v := range x {
		if !finite(v) {
			return 0, fmt.Errorf("metrics: value %d of row %d of %s is %g: it must be finite", i%dim, i/dim, name, v)
		}
	}
	return len(x) / dim, nil
}
