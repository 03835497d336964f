package autograd

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Reshape returns the same values under another shape.
func Reshape(x *Var, shape ...int) *Var {
	return OpPass("autograd.Reshape", x.Value().Reshape(shape...), []*Var{x}, 0, func(*tensor.Tensor, []*tensor.Tensor) {})
}

// Rows returns entries from ≤ i < to along the first dimension.
func Rows(x *Var, from, to int) *Var {
	return Op("autograd.Rows", x.Value().Rows(from, to), []*Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.AddScaled(gx[0].Rows(from, to).Data(), 1, gy.Data())
	}).Describe(func() Attributes { return Attributes{"from": from, "to": to} })
}

// Concat joins xs along the first dimension; the other dimensions must agree.
func Concat(xs ...*Var) *Var {
	if len(xs) == 0 {
		panic(&tensor.Error{Op: "autograd.Concat", Detail: "nothing to join"})
	}
	if len(xs) == 1 {
		return xs[0]
	}
	shape := append(tensor.Shape{0}, xs[0].Shape()[min(1, len(xs[0].Shape())):]...)
	for _, x := range xs {
		s := x.Shape()
		if len(s) == 0 || len(s) != len(shape) || !s[1:].Equal(shape[1:]) {
			panic(&tensor.Error{Op: "autograd.Concat", Path: Path(xs...), Shapes: []tensor.Shape{xs[0].Shape(), s},
				Detail: "needs equal dimensions after the first, and at least one"})
		}
		shape[0] += s[0]
	}
	y := xs[0].Tape().Scratch(shape...)
	at := 0
	for _, x := range xs {
		at += copy(y.Data()[at:], x.Data())
	}
	return Op("autograd.Concat", y, xs, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		at := 0
		for i, x := range xs {
			n := x.Shape().Len()
			if gx[i] != nil {
				kernels.AddScaled(gx[i].Data(), 1, gy.Data()[at:at+n])
			}
			at += n
		}
	})
}

// Gather returns the rows of x [R, …] at the given indices, in that order; an index may repeat.
func Gather(x *Var, rows []int) *Var {
	shape := append(tensor.Shape{}, x.Shape()...)
	if len(shape) == 0 {
		panic(&tensor.Error{Op: "autograd.Gather", Shapes: []tensor.Shape{shape}, Detail: "a scalar has no rows"})
	}
	n, width := shape[0], shape[1:].Len()
	shape[0] = len(rows)
	y := x.Tape().Scratch(shape...)
	for i, r := range rows {
		if r < 0 || r >= n {
			panic(&tensor.Error{Op: "autograd.Gather", Path: Path(x), Shapes: []tensor.Shape{x.Shape()}, Detail: fmt.Sprintf("no row %d", r)})
		}
		copy(y.Data()[i*width:(i+1)*width], x.Data()[r*width:])
	}
	return Op("autograd.Gather", y, []*Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, r := range rows {
			kernels.AddScaled(gx[0].Data()[r*width:(r+1)*width], 1, gy.Data()[i*width:(i+1)*width])
		}
	}).Describe(func() Attributes { return Attributes{"rows": slices.Clone(rows)} })
}

// Columns joins matrices [R, F_i] along the second dimension: [R, ΣF_i]. The numbers of rows must agree.
func Columns(xs ...*Var) *Var {
	if len(xs) == 0 {
		panic(&tensor.Error{Op: "autograd.Columns", Detail: "nothing to join"})
	}
	width := 0
	for _, x := range xs {
		if s := x.Shape(); len(s) != 2 || s[0] != xs[0].Dim(0) {
			panic(&tensor.Error{Op: "autograd.Columns", Path: Path(xs...), Shapes: []tensor.Shape{xs[0].Shape(), s},
				Detail: "needs matrices of equally many rows"})
		}
		width += x.Dim(1)
	}
	rows := xs[0].Dim(0)
	y := xs[0].Tape().Scratch(rows, width)
	at := 0
	for _, x := range xs {
		n := x.Dim(1)
		for r := range rows {
			copy(y.Data()[r*width+at:], x.Data()[r*n:(r+1)*n])
		}
		at += n
	}
	return Op("autograd.Columns", y, xs, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		at := 0
		for i, x := range xs {
			n := x.Dim(1)
			for r := 0; gx[i] != nil && r < rows; r++ {
				kernels.AddScaled(gx[i].Data()[r*n:(r+1)*n], 1, gy.Data()[r*width+at:r*width+at+n])
			}
			at += n
		}
	})
}
