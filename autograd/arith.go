package autograd

import (
	"math"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

func sameShape(op string, a, b *Var) {
	if !a.Shape().Equal(b.Shape()) {
		panic(&tensor.Error{Op: op, Path: Path(a, b), Shapes: []tensor.Shape{a.Shape(), b.Shape()}, Detail: "shapes differ"})
	}
}

// Add returns a + b, of equal shapes.
func Add(a, b *Var) *Var { return combine("autograd.Add", a, b, 1) }

// Sub returns a − b, of equal shapes.
func Sub(a, b *Var) *Var { return combine("autograd.Sub", a, b, -1) }

// combine returns a + k·b.
func combine(op string, a, b *Var, k float32) *Var {
	sameShape(op, a, b)
	y := a.Tape().Scratch(a.Shape()...)
	copy(y.Data(), a.Data())
	kernels.AddScaled(y.Data(), k, b.Data())
	return OpPass(op, y, []*Var{a, b}, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		if gx[1] != nil {
			kernels.AddScaled(gx[1].Data(), k, gy.Data())
		}
	})
}

// Scale returns k·x.
func Scale(x *Var, k float64) *Var {
	y := x.Tape().Tensor(x.Shape()...)
	kernels.AddScaled(y.Data(), float32(k), x.Data())
	return Op("autograd.Scale", y, []*Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.AddScaled(gx[0].Data(), float32(k), gy.Data())
	}).Describe(func() Attributes { return Attributes{"by": k} })
}

// Mul returns the product of a and b entry by entry, of equal shapes.
func Mul(a, b *Var) *Var {
	sameShape("autograd.Mul", a, b)
	y, av, bv := a.Tape().Scratch(a.Shape()...), a.Data(), b.Data()
	for i := range av {
		y.Data()[i] = av[i] * bv[i]
	}
	return Op("autograd.Mul", y, []*Var{a, b}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, g := range gy.Data() {
			if gx[0] != nil {
				gx[0].Data()[i] += g * bv[i]
			}
			if gx[1] != nil {
				gx[1].Data()[i] += g * av[i]
			}
		}
	})
}

// Exp returns e^x entry by entry.
func Exp(x *Var) *Var {
	return pointwise("autograd.Exp", x, math.Exp, func(_, y float32) float32 { return y })
}

// Log returns the natural logarithm entry by entry.
func Log(x *Var) *Var {
	return pointwise("autograd.Log", x, math.Log, func(x, _ float32) float32 { return 1 / x })
}

// pointwise returns f(x); slope is its derivative given x and f(x).
func pointwise(op string, x *Var, f func(float64) float64, slope func(x, y float32) float32) *Var {
	y := x.Tape().Scratch(x.Shape()...)
	for i, v := range x.Data() {
		y.Data()[i] = float32(f(float64(v)))
	}
	return Op(op, y, []*Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, g := range gy.Data() {
			gx[0].Data()[i] += g * slope(x.Value().Data()[i], y.Data()[i])
		}
	})
}

// Sum returns the sum of all entries, a scalar, accumulated in float64.
func Sum(x *Var) *Var { return reduce("autograd.Sum", x, 1) }

// Mean returns the mean of all entries, a scalar, accumulated in float64. That of no entries is 0.
func Mean(x *Var) *Var {
	n := x.Value().Len()
	return reduce("autograd.Mean", x, 1/float64(max(n, 1)))
}

func reduce(op string, x *Var, k float64) *Var {
	sum := 0.0
	for _, v := range x.Data() {
		sum += float64(v)
	}
	y := x.Tape().Tensor()
	y.Data()[0] = float32(k * sum)
	return Op(op, y, []*Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float32(k * float64(gy.Item()))
		for i := range gx[0].Data() {
			gx[0].Data()[i] += g
		}
	})
}
