package autograd_test

import (
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestVectorOperations(t *testing.T) {
	var cases []struct {
		Op                string
		Order             []int
		Inputs, Gradients []vectortest.Tensor
		Y, DY             vectortest.Tensor
	}
	vectortest.Load(t, "operations", &cases)
	require.NotEmpty(t, cases)
	for i, c := range cases {
		operation := map[string]func(in vars) *autograd.Var{
			"add":       func(in vars) *autograd.Var { return autograd.AddBroadcast(in[0], in[1]) },
			"mul":       func(in vars) *autograd.Var { return autograd.MulBroadcast(in[0], in[1]) },
			"transpose": func(in vars) *autograd.Var { return autograd.Transpose(in[0]) },
			"permute":   func(in vars) *autograd.Var { return autograd.Permute(in[0], c.Order...) },
			"matmul":    func(in vars) *autograd.Var { return autograd.BatchMatMul(in[0], in[1]) },
			"matmul_t":  func(in vars) *autograd.Var { return autograd.BatchMatMulT(in[0], in[1]) },
		}[c.Op]
		t.Run(fmt.Sprint(i, " ", c.Op), func(t *testing.T) {
			require.NotNil(t, operation)
			tape := autograd.NewTape(autograd.Mode{})
			var params []*autograd.Param
			var in vars
			for _, x := range c.Inputs {
				p := autograd.NewParam(vector(t, x))
				params, in = append(params, p), append(in, tape.Param(p))
			}
			y := operation(in)
			require.Equal(t, tensor.Shape(c.Y.Shape), y.Shape())
			vectortest.Close(t, "y", y.Data(), c.Y.Data, 0)
			tape.Backward(y, vector(t, c.DY))
			for j, p := range params {
				vectortest.Close(t, fmt.Sprint("gradient ", j), p.Grad.Data(), c.Gradients[j].Data, 0)
			}
		})
	}
}

func vector(t testing.TB, v vectortest.Tensor) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v.Float32(), v.Shape...)
	require.NoError(t, err)
	return x
}
