package metrics_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/metrics"
)

// counted has classes of accuracy 1, ½ and ½.
func counted() *metrics.Confusion {
	c, _ := metrics.NewConfusion(3)
	for _, p := range [][2]int{{0, 0}, {0, 0}, {1, 1}, {1, 0}, {2, 0}, {2, 2}} {
		if err := c.Add(p[0], p[1]); err != nil {
			fmt.Println(err)
		}
	}
	return c
}

func ExampleConfusion_MacroF1() {
	c := counted()
	fmt.Println(c.F1(), c.MacroF1(), c.BalancedAccuracy())
	// Output: [66.67 66.67 66.67] 66.67 66.67
}

// How would the classifier do where classes are as frequent as in training, and where it is the other way round?
func ExampleConfusion_Top1Under() {
	for _, ratio := range []float64{50, 1, 1. / 50} {
		prior, err := metrics.ShiftedPrior([]int{5000, 500, 12}, ratio)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(counted().Top1Under(prior))
	}
	// Output:
	// 93.05 <nil>
	// 66.67 <nil>
	// 50.86 <nil>
}

func ExampleWorst() {
	fmt.Println(metrics.Worst([]metrics.Rate{0.9, 0.2, 0.7, 0.4}, 2))
	// Output: [1 3] 30.00 <nil>
}

func ExampleWilson() {
	i, err := metrics.Wilson(7, 10, 0)
	fmt.Println(i, err)
	// Output: 39.68–89.22 <nil>
}

func ExampleECE() {
	probs, err := metrics.Softmax([]float32{2, 0, 1, 0, 0, 3}, 2, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	bins, err := metrics.Reliability(probs, []int{0, 1, 1}, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range bins {
		if b.Images > 0 {
			fmt.Printf("%.1f–%.1f: %d images, confidence %v, accuracy %v\n", b.Low, b.High, b.Images, b.Confidence, b.Accuracy)
		}
	}
	fmt.Println("ECE", metrics.ECE(bins))
	// Output:
	// 0.7–0.8: 1 images, confidence 73.11, accuracy 0.00
	// 0.8–0.9: 1 images, confidence 88.08, accuracy 100.00
	// 0.9–1.0: 1 images, confidence 95.26, accuracy 100.00
	// ECE 29.92
}

func ExampleClasswiseECE() {
	rates, err := metrics.ClasswiseECE([]float32{0.8, 0.2, 0.6, 0.4}, []int{0, 1}, 0)
	fmt.Println(rates, metrics.Mean(rates), err)
	// Output: [40.00 40.00] 40.00 <nil>
}

func ExampleBrier() {
	fmt.Println(metrics.Brier([]float32{1, 0, 0.5, 0.5}, []int{0, 1}))
	// Output: 0.25 <nil>
}

func ExampleAlignment() {
	first, second := []float32{1, 0, 0, 1}, []float32{1, 0, 1, 0} // two views of two images
	fmt.Println(metrics.Alignment(first, second, 2))
	// Output: 1 <nil>
}

func ExampleClassAlignment() {
	fmt.Println(metrics.ClassAlignment([]float32{1, 0, 0, 1, -1, 0}, 2, []int{0, 0, 1}, 2))
	// Output: [2 NaN] 2 <nil>
}

func ExampleUniformity() {
	fmt.Println(metrics.Uniformity([]float32{1, 0, -1, 0}, 2))
	// Output: -8 <nil>
}

func ExampleGram() {
	g, err := metrics.NewGram([]float32{1, 0, 0, 1, -1, 0}, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	mean, worst := g.FromSimplex()
	fmt.Println(g.At(0, 2), mean, worst)
	// Output: -1 0.5 0.5
}
