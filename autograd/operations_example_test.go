package autograd_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

func matrix(rows, cols int, v ...float32) *tensor.Tensor {
	x, err := tensor.FromSlice(v, rows, cols)
	if err != nil {
		panic(err)
	}
	return x
}

// Rows are taken, put together and taken by index.
func Example_rows() {
	t := autograd.NewTape(autograd.Mode{})
	x := t.Const(matrix(3, 2, 1, 2, 3, 4, 5, 6))
	fmt.Println(autograd.Rows(x, 1, 3).Data())
	fmt.Println(autograd.Gather(x, []int{2, 0, 0}).Data())
	fmt.Println(autograd.Concat(x, autograd.Rows(x, 0, 1)).Shape())
	fmt.Println(autograd.Columns(x, autograd.Scale(x, 10)).Data()[:4])
	// Output:
	// [3 4 5 6]
	// [5 6 1 2 1 2]
	// [4 2]
	// [1 2 10 20]
}

// The Kullback-Leibler divergence of two rows of probabilities, Σ p·(log p − log q), and its gradient.
func Example_divergence() {
	p := autograd.NewParam(matrix(1, 2, 0.5, 0.5))
	t := autograd.NewTape(autograd.Mode{})
	v, q := t.Param(p), t.Const(matrix(1, 2, 0.25, 0.75))
	d := autograd.Sum(autograd.Mul(v, autograd.Sub(autograd.Log(v), autograd.Log(q))))
	t.Backward(d, nil)
	fmt.Printf("%.4f %.4f\n", d.Value().Item(), p.Grad.Data()) // log p/q + 1
	fmt.Printf("%.1f\n", autograd.Exp(autograd.Log(autograd.Add(v, q))).Data())
	// Output:
	// 0.1438 [1.6931 0.5945]
	// [0.8 1.2]
}

// Products of matrices, batches of them, and shapes that stretch.
func Example_products() {
	t := autograd.NewTape(autograd.Mode{})
	a, b := t.Const(matrix(2, 2, 1, 2, 3, 4)), t.Const(matrix(2, 2, 0, 1, 1, 0))
	fmt.Println(autograd.MatMul(a, b).Data(), autograd.MatMulT(a, b).Data())
	fmt.Println(autograd.Transpose(a).Data())
	two := autograd.Reshape(autograd.Concat(a, b), 2, 2, 2)
	fmt.Println(autograd.BatchMatMul(two, two).Shape(), autograd.Permute(two, 2, 0, 1).Shape())
	row := t.Const(matrix(1, 2, 10, 20))
	fmt.Println(autograd.AddBroadcast(a, row).Data(), autograd.MulBroadcast(a, row).Data())
	// Output:
	// [2 1 4 3] [2 1 4 3]
	// [1 3 2 4]
	// [2 2 2] [2 2 2]
	// [11 22 13 24] [10 40 30 80]
}
