package kernels_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/internal/kernels"
)

func ExampleGemm() {
	a := []float32{1, 2, 3, 4, 5, 6}   // 2×3
	b := []float32{1, 0, 0, 1, 1, 1}   // 3×2
	c := []float32{100, 100, 100, 100} // 2×2
	kernels.Gemm(false, false, 2, 2, 3, 1, a, 3, b, 2, 0, c, 2)
	fmt.Println(c)
	// Output: [4 5 10 11]
}

func ExampleConvForward() {
	s := kernels.Conv{N: 1, H: 3, W: 3, C: 1, KH: 2, KW: 2, O: 1, Stride: 1}
	x := []float32{
		1, 2, 3,
		4, 5, 6,
		7, 8, 9,
	}
	w := []float32{1, 0, 0, 1}
	y := make([]float32, s.OutH()*s.OutW())
	kernels.ConvForward(s, x, w, []float32{10}, y)
	fmt.Println(y)
	// Output: [16 18 22 24]
}

func ExampleMaxPool() {
	x := []float32{
		1, 2, 0, 0,
		4, 3, 0, 5,
	}
	y, argmax := make([]float32, 2), make([]int32, 2)
	kernels.MaxPool(x, 1, 2, 4, 1, 2, 2, 0, y, argmax)
	fmt.Println(y, argmax)
	// Output: [4 5] [4 7]
}

func ExampleSoftmaxRows() {
	x := []float32{0, 0, 1000, 1000}
	kernels.SoftmaxRows(x, x, 2, 2)
	fmt.Println(x)
	// Output: [0.5 0.5 0.5 0.5]
}

func ExampleNormalizeRows() {
	y, norms := make([]float32, 2), make([]float32, 1)
	kernels.NormalizeRows(y, norms, []float32{3, 4}, 1, 2, 1e-12)
	fmt.Println(y, norms)
	// Output: [0.6 0.8] [5]
}

func ExampleSGDStep() {
	value, momentum := []float32{1, 1}, []float32{0, 4}
	kernels.SGDStep(kernels.SGD{Rate: 0.25, Momentum: 0.5}, value, momentum, []float32{2, 2})
	fmt.Println(momentum, value)
	// Output: [2 4] [0.5 0]
}

func ExampleAdamStep() {
	value, mean, square := []float32{1}, []float32{0}, []float32{0}
	a := kernels.Adam{Rate: 0.5, Keep: 1, Mix1: 0.5, Beta2: 0.75, Mix2: 0.25, Unbias: 1}
	kernels.AdamStep(a, value, mean, square, []float32{4})
	fmt.Println(mean, square, value)
	// Output: [2] [4] [0.5]
}
