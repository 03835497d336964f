package autograd

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Transpose exchanges the last two dimensions of x […, M, N]: […, N, M].
func Transpose(x *Var) *Var {
	const op = "autograd.Transpose"
	n := len(x.Shape())
	if n < 2 {
		panic(&tensor.Error{Op: op, Path: Path(x), Shapes: []tensor.Shape{x.Shape()}, Detail: "needs a matrix, or several […, M, N]"})
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	order[n-2], order[n-1] = n-1, n-2
	return permute(op, x, order)
}

// Permute puts the dimensions of x into another order: dimension i of the result is dimension order[i] of x, so that
// Permute(x, 0, 3, 1, 2) makes [N, C, H, W] of [N, H, W, C].
func Permute(x *Var, order ...int) *Var {
	const op = "autograd.Permute"
	sorted := slices.Sorted(slices.Values(order))
	for i, o := range sorted {
		if i != o || len(order) != len(x.Shape()) {
			panic(&tensor.Error{Op: op, Path: Path(x), Shapes: []tensor.Shape{x.Shape()},
				Detail: fmt.Sprintf("the order %v must name each dimension, from 0 on, once", order)})
		}
	}
	return permute(op, x, slices.Clone(order))
}

func permute(op string, x *Var, order []int) *Var {
	from := x.Shape()
	to := make([]int, len(order))
	for i, o := range order {
		to[i] = from[o]
	}
	y := x.Tape().Scratch(to...)
	kernels.Permute(y.Data(), x.Data(), from, order)
	return Op(op, y, []*Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.PermuteGrad(gx[0].Data(), gy.Data(), from, order)
	}).Describe(func() Attributes { return Attributes{"order": order} })
}
