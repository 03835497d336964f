package gradtest_test

import (
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// cube is x³ with a gradient of slope·x².
func cube(slope float32) func(*autograd.Tape, []*autograd.Var) *autograd.Var {
	return func(t *autograd.Tape, in []*autograd.Var) *autograd.Var {
		x := in[0]
		y := t.Tensor(x.Shape()...)
		for i, v := range x.Data() {
			y.Data()[i] = v * v * v
		}
		return autograd.Op("cube", y, in, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
			for i, v := range x.Data() {
				gx[0].Data()[i] += gy.Data()[i] * slope * v * v
			}
		})
	}
}

func cubeReference(in [][]float64) []float64 {
	y := make([]float64, len(in[0]))
	for i, v := range in[0] {
		y[i] = v * v * v
	}
	return y
}

func TestRightGradientPasses(t *testing.T) {
	x := []*tensor.Tensor{gradtest.Normal(1, 1, 7)}
	gradtest.Check(t, gradtest.Case{Inputs: x, Forward: cube(3), Reference: cubeReference})
	gradtest.Check(t, gradtest.Case{Inputs: x, Forward: cube(3)})
}

func TestWrongGradientFails(t *testing.T) {
	x := []*tensor.Tensor{gradtest.Normal(1, 1, 7)}
	require.ErrorContains(t, gradtest.Compare(gradtest.Case{Inputs: x, Forward: cube(3.01), Reference: cubeReference}), "gradient of input 0: entry")
	require.ErrorContains(t, gradtest.Compare(gradtest.Case{Inputs: x, Forward: cube(3.1)}), "gradient of input 0: entry")
	require.ErrorContains(t, gradtest.Compare(gradtest.Case{Inputs: x, Forward: cube(-3), Reference: cubeReference}), "gradient of input 0: entry")
}

func TestWrongValueFails(t *testing.T) {
	x := []*tensor.Tensor{gradtest.Normal(1, 1, 7)}
	wrong := func(in [][]float64) []float64 { return in[0] }
	require.ErrorContains(t, gradtest.Compare(gradtest.Case{Inputs: x, Forward: cube(3), Reference: wrong}), "gradtest: value: entry")
	short := func(in [][]float64) []float64 { return in[0][:3] }
	require.EqualError(t, gradtest.Compare(gradtest.Case{Inputs: x, Forward: cube(3), Reference: short}), "gradtest: value: the operation gives 7 entries, the reference 3")
}

// A parameter that never reaches the output has gradient zero; one that should, fails.
func TestForgottenParameterFails(t *testing.T) {
	p := autograd.NewParam(gradtest.Normal(2, 1, 7))
	p.Name = "scale"
	c := gradtest.Case{
		Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 7)}, Params: []*autograd.Param{p},
		Forward: func(t *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Mul(in[0], t.Const(p.Value))
		},
	}
	require.ErrorContains(t, gradtest.Compare(c), "gradient of scale: entry")
	c.Forward = func(t *autograd.Tape, in []*autograd.Var) *autograd.Var { return autograd.Mul(in[0], t.Param(p)) }
	require.NoError(t, gradtest.Compare(c))
	require.Nil(t, p.Grad, "the parameter's gradient is put back")
}

func ExampleCompare() {
	err := gradtest.Compare(gradtest.Case{
		Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 4)},
		Forward: func(t *autograd.Tape, in []*autograd.Var) *autograd.Var {
			return autograd.Mul(in[0], in[0])
		},
		Reference: func(in [][]float64) []float64 { // the same in float64
			y := make([]float64, len(in[0]))
			for i, x := range in[0] {
				y[i] = x * x
			}
			return y
		},
	})
	fmt.Println(err)
	// Output: <nil>
}
