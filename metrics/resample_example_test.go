package metrics_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/metrics"
)

// Is b better than a, or luckier with these images?
func ExampleResample() {
	var labels, a, b []int
	for i := range 100 {
		labels, a, b = append(labels, i%2), append(a, i%2), append(b, i%2)
		if i%4 == 0 {
			a[i] = 1 // right for 75 images
		}
		if i%5 == 0 {
			b[i] = 1 - i%2 // right for 80
		}
	}
	r, err := metrics.Resample(labels, [][]int{a, b}, metrics.ResampleSettings{})
	if err != nil {
		panic(err)
	}
	var draws []float64
	for _, d := range r.Top1 {
		draws = append(draws, 100*(d[1]-d[0]))
	}
	d, err := metrics.NewDifference(80-75, draws, 0)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%+.0f points, within noise: %v\n", d.Mean, d.WithinNoise())
	// Output: +5 points, within noise: true
}
