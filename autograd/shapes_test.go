package autograd_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestShapeGradients(t *testing.T) {
	a, row, grid := gradtest.Normal(1, 1, 2, 3, 4), gradtest.Normal(2, 1, 4), gradtest.Normal(3, 1, 2, 1, 1)
	stretched := func(index func(i int) int, f func(a, b float64) float64) func(in [][]float64) []float64 {
		return func(in [][]float64) (y []float64) {
			for i, v := range in[0] {
				y = append(y, f(v, in[1][index(i)]))
			}
			return y
		}
	}
	sum, product := func(a, b float64) float64 { return a + b }, func(a, b float64) float64 { return a * b }
	inRow, inGrid := func(i int) int { return i % 4 }, func(i int) int { return i / 12 }
	add := func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.AddBroadcast(in[0], in[1]) }
	mul := func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.MulBroadcast(in[0], in[1]) }
	for name, c := range map[string]gradtest.Case{
		"AddBroadcast of a row":   {Inputs: []*tensor.Tensor{a, row}, Forward: add, Reference: stretched(inRow, sum)},
		"AddBroadcast of a grid":  {Inputs: []*tensor.Tensor{a, grid}, Forward: add, Reference: stretched(inGrid, sum)},
		"MulBroadcast of a row":   {Inputs: []*tensor.Tensor{a, row}, Forward: mul, Reference: stretched(inRow, product)},
		"MulBroadcast of a grid":  {Inputs: []*tensor.Tensor{a, grid}, Forward: mul, Reference: stretched(inGrid, product)},
		"MulBroadcast by a value": {Inputs: []*tensor.Tensor{a, tensor.Scalar(3)}, Forward: mul, Reference: stretched(func(int) int { return 0 }, product)},
		"MulBroadcast by itself": {Inputs: []*tensor.Tensor{a}, Reference: each(func(a, _ float64) float64 { return a * a }),
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.MulBroadcast(in[0], in[0]) }},
		"Transpose": {Inputs: []*tensor.Tensor{a}, Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Transpose(in[0]) },
			Reference: func(in [][]float64) (y []float64) {
				for i := range 24 {
					y = append(y, in[0][i/12*12+i%3*4+i/3%4])
				}
				return y
			}},
		"Permute": {Inputs: []*tensor.Tensor{a}, Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.Permute(in[0], 2, 0, 1) },
			Reference: func(in [][]float64) (y []float64) {
				for i := range 24 {
					y = append(y, in[0][i%6*4+i/6])
				}
				return y
			}},
		"BatchMatMul": {Inputs: []*tensor.Tensor{a, gradtest.Normal(4, 1, 2, 4, 2)},
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.BatchMatMul(in[0], in[1]) },
			Reference: func(in [][]float64) []float64 {
				y := make([]float64, 12)
				for i := range y {
					for k := range 4 {
						y[i] += in[0][i/2*4+k] * in[1][i/6*8+k*2+i%2]
					}
				}
				return y
			}},
		"BatchMatMulT with itself": {Inputs: []*tensor.Tensor{a},
			Forward: func(_ *autograd.Tape, in vars) *autograd.Var { return autograd.BatchMatMulT(in[0], in[0]) },
			Reference: func(in [][]float64) []float64 {
				y := make([]float64, 18)
				for i := range y {
					for k := range 4 {
						y[i] += in[0][i/3*4+k] * in[0][(i/9*3+i%3)*4+k]
					}
				}
				return y
			}},
	} {
		t.Run(name, func(t *testing.T) { gradtest.Check(t, c) })
	}
}

func TestEmptyShapes(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	zero := func(shape ...int) *autograd.Var { return tape.Param(autograd.NewParam(tensor.New(shape...))) }
	all := autograd.Sum(zero(1))
	for want, y := range map[string]*autograd.Var{
		"[0 3]":   autograd.AddBroadcast(zero(0, 3), zero(3)),
		"[0 2]":   autograd.MulBroadcast(zero(0, 1), zero(1, 2)),
		"[]":      autograd.AddBroadcast(zero(), zero()),
		"[3 0]":   autograd.Transpose(zero(0, 3)),
		"[0 2 4]": autograd.BatchMatMul(zero(0, 2, 3), zero(0, 3, 4)),
		"[2 2 4]": autograd.BatchMatMul(zero(2, 2, 0), zero(2, 0, 4)),
	} {
		require.Equal(t, want, y.Shape().String())
		require.Equal(t, make([]float32, y.Value().Len()), y.Data())
		all = autograd.Add(all, autograd.Sum(y))
	}
	tape.Backward(all, nil)
}

func TestMisusedShapes(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	zero := func(shape ...int) *autograd.Var { return tape.Const(tensor.New(shape...)) }
	for want, fn := range map[string]func(){
		"autograd.AddBroadcast [2 3], [2]":        func() { autograd.AddBroadcast(zero(2, 3), zero(2)) },
		"autograd.MulBroadcast [2 3], [0]":        func() { autograd.MulBroadcast(zero(2, 3), zero(0)) },
		"autograd.Transpose [3]":                  func() { autograd.Transpose(zero(3)) },
		"autograd.Permute [2 3]":                  func() { autograd.Permute(zero(2, 3), 0) },
		"autograd.Permute [2 3]: the order [1 1]": func() { autograd.Permute(zero(2, 3), 1, 1) },
		"autograd.BatchMatMul [2 3 4], [2 3 4]":   func() { autograd.BatchMatMul(zero(2, 3, 4), zero(2, 3, 4)) },
		"autograd.BatchMatMul [2 3 4], [3 4 4]":   func() { autograd.BatchMatMul(zero(2, 3, 4), zero(3, 4, 4)) },
		"autograd.BatchMatMulT [2 3 4], [2 4 3]":  func() { autograd.BatchMatMulT(zero(2, 3, 4), zero(2, 4, 3)) },
		"autograd.BatchMatMulT [3 4], [1 3 4]":    func() { autograd.BatchMatMulT(zero(3, 4), zero(1, 3, 4)) },
	} {
		require.ErrorContains(t, tensor.Try(func() error { fn(); return nil }), want)
	}
}

// The sums over repeated values are in float64, in ranges that depend on the shape alone.
func TestBroadcastSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	x, row := gradtest.Normal(1, 1, 900, 33), gradtest.Normal(2, 1, 33)
	var first []float32
	for _, procs := range []int{1, 2, 3, 7} {
		runtime.GOMAXPROCS(procs)
		tape, p := autograd.NewTape(autograd.Mode{}), autograd.NewParam(row)
		y := autograd.MulBroadcast(tape.Const(x), tape.Param(p))
		tape.Backward(y, gradtest.Normal(3, 1, 900, 33))
		got := append(append([]float32(nil), y.Data()...), p.Grad.Data()...)
		if first == nil {
			first = got
		}
		for i, v := range got {
			require.Equal(t, math.Float32bits(first[i]), math.Float32bits(v), "value %d, GOMAXPROCS %d", i, procs)
		}
	}
}

// Channels weighed for each image: [N, H, W, C] times [N, 1, 1, C].
func ExampleMulBroadcast() {
	tape := autograd.NewTape(autograd.Mode{})
	images, gates := tensor.New(1, 1, 2, 2), tensor.New(1, 1, 1, 2)
	copy(images.Data(), []float32{1, 2, 3, 4})
	copy(gates.Data(), []float32{10, 0.5})
	fmt.Println(autograd.MulBroadcast(tape.Const(images), tape.Const(gates)).Data())
	// Output: [10 1 30 2]
}

// The scores of attention: inner products of the queries and keys of each head.
func ExampleBatchMatMulT() {
	tape := autograd.NewTape(autograd.Mode{})
	queries, keys := tape.Const(tensor.New(2, 8, 5, 16)), tape.Const(tensor.New(2, 8, 7, 16))
	fmt.Println(autograd.BatchMatMulT(queries, keys).Shape())
	// Output: [2 8 5 7]
}
