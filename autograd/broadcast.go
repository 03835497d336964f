package autograd

import (
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// AddBroadcast returns a + b of shapes that NumPy's rule stretches to one: aligned at the last dimension, a dimension that
// is 1 or missing in one is repeated. Add wants equal shapes, so that a shape by mistake is not stretched in silence.
func AddBroadcast(a, b *Var) *Var {
	const op = "autograd.AddBroadcast"
	s := stretch(op, a, b)
	y := a.Tape().Scratch(s.Shape()...)
	s.Add(y.Data(), a.Data(), b.Data())
	return Op(op, y, []*Var{a, b}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		if gx[0] != nil {
			s.Grad(gx[0].Data(), gy.Data(), nil)
		}
		if gx[1] != nil {
			s.Swap().Grad(gx[1].Data(), gy.Data(), nil)
		}
	})
}

// MulBroadcast returns the product of a and b entry by entry, of shapes that go together as in AddBroadcast.
func MulBroadcast(a, b *Var) *Var {
	const op = "autograd.MulBroadcast"
	s := stretch(op, a, b)
	y := a.Tape().Scratch(s.Shape()...)
	s.Mul(y.Data(), a.Data(), b.Data())
	return Op(op, y, []*Var{a, b}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		if gx[0] != nil {
			s.Grad(gx[0].Data(), gy.Data(), b.Value().Data())
		}
		if gx[1] != nil {
			s.Swap().Grad(gx[1].Data(), gy.Data(), a.Value().Data())
		}
	})
}

func stretch(op string, a, b *Var) kernels.Broadcast {
	s, ok := kernels.NewBroadcast(a.Shape(), b.Shape())
	if !ok {
		panic(&tensor.Error{Op: op, Path: Path(a, b), Shapes: []tensor.Shape{a.Shape(), b.Shape()},
			Detail: "the shapes do not stretch to one: from the last dimension on, each must be equal or 1 in one of them"})
	}
	return s
}
