package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

func ExampleLogSoftmax() {
	x, _ := tensor.FromSlice([]float32{0, 0, float32(math.Log(2))}, 1, 3)
	v := autograd.NewTape(autograd.Mode{}).Const(x)
	fmt.Printf("%.3f\n", nn.Softmax(v).Data())
	fmt.Printf("%.3f\n", nn.LogSoftmax(v).Data())
	fmt.Printf("%.2f %.2f\n", nn.Sigmoid(v).Data(), nn.Tanh(v).Data())
	// Output:
	// [0.250 0.250 0.500]
	// [-1.386 -1.386 -0.693]
	// [0.50 0.50 0.67] [0.00 0.00 0.60]
}

// A layer of one's own begins with weights of the usual spread.
func ExampleXavierUniform() {
	w := tensor.New(100, 50)
	nn.XavierUniform(w, 50, 100, rand.New(rand.NewPCG(1, 0)))
	sum := 0.0
	for _, v := range w.Data() {
		sum += float64(v * v)
	}
	fmt.Printf("%.3f, wanted %.3f\n", sum/5000, 2./150)
	// Output: 0.014, wanted 0.013
}
