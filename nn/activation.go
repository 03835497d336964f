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

// GELU returns x·Φ(x), with Φ the normal distribution function (arXiv 1606.08415).
func GELU(x *autograd.Var) *autograd.Var { return smooth("nn.GELU", x, kernels.Gelu, kernels.GeluGrad) }

// GELUTanh returns GELU by its approximation with tanh, which some networks were trained with.
func GELUTanh(x *autograd.Var) *autograd.Var {
	return smooth("nn.GELUTanh", x, kernels.GeluTanh, kernels.GeluTanhGrad)
}

// SiLU returns x/(1+e^−x) (arXiv 1702.03118), also known as swish.
func SiLU(x *autograd.Var) *autograd.Var { return smooth("nn.SiLU", x, kernels.Silu, kernels.SiluGrad) }

// smooth applies a function whose gradient follows from its input.
func smooth(op string, x *autograd.Var, f func(y, x []float32), grad func(dx, dy, x []float32)) *autograd.Var {
	y := x.Tape().Scratch(x.Shape()...)
	f(y.Data(), x.Data())
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		grad(gx[0].Data(), gy.Data(), x.Data())
	})
}

// activate applies a function whose gradient follows from its output.
func activate(op string, x *autograd.Var, f func(y, x []float32), grad func(dx, dy, y []float32)) *autograd.Var {
	y := x.Tape().Scratch(x.Shape()...)
	f(y.Data(), x.Data())
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		grad(gx[0].Data(), gy.Data(), y.Data())
	})
}
