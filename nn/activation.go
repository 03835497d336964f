package nn

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// ReLU returns max(x, 0).
func ReLU(x *autograd.Var) *autograd.Var {
	return activate("nn.ReLU", x, kernels.Relu, kernels.ReluGrad)
}

// Sigmoid returns 1/(1+e^−x).
func Sigmoid(x *autograd.Var) *autograd.Var {
	return activate("nn.Sigmoid", x, kernels.Sigmoid, kernels.SigmoidGrad)
}

// Tanh returns the hyperbolic tangent.
func Tanh(x *autograd.Var) *autograd.Var {
	return activate("nn.Tanh", x, kernels.Tanh, kernels.TanhGrad)
}

// activate applies a function whose gradient follows from its output.
func activate(op string, x *autograd.Var, f func(y, x []float32), grad func(dx, dy, y []float32)) *autograd.Var {
	y := x.Tape().Scratch(x.Shape()...)
	f(y.Data(), x.Data())
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		grad(gx[0].Data(), gy.Data(), y.Data())
	})
}
