package nn

import (
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Linear computes y = x·Wᵀ + b of x [R, in]: [R, out].
type Linear struct {
	Weight *autograd.Param // [out, in]
	Bias   *autograd.Param // [out]; nil: none
}

// LinearSettings are what NewLinear makes a layer of.
type LinearSettings struct {
	In, Out int
	NoBias  bool
	Seed    uint64     // of the weights
	Rand    *rand.Rand // draws them in place of Seed, see the package comment
}

// NewLinear returns a layer with weights and bias uniform in ±1/√In.
func NewLinear(s LinearSettings) *Linear {
	checkSizes("nn.NewLinear", "In, Out", 0, s.In, s.Out)
	l := &Linear{Weight: autograd.NewParam(tensor.New(s.Out, s.In))}
	bound, rng := 1/math.Sqrt(float64(max(s.In, 1))), source(s.Seed, s.Rand)
	uniform(l.Weight.Value, bound, rng)
	if !s.NoBias {
		l.Bias = autograd.NewParam(tensor.New(s.Out))
		uniform(l.Bias.Value, bound, rng)
	}
	return l
}

// Forward returns x·Wᵀ + b.
func (l *Linear) Forward(x *autograd.Var) *autograd.Var {
	t := x.Tape()
	y := mulT("nn.Linear", x, t.Param(l.Weight))
	if l.Bias == nil {
		return y
	}
	return addBias("nn.Linear", y, t.Param(l.Bias))
}

// Visit shows weight and bias.
func (l *Linear) Visit(v Visitor) {
	v.Param("weight", l.Weight)
	v.Param("bias", l.Bias)
}

// mulT is autograd.MatMulT under the name of the layer.
func mulT(op string, x, w *autograd.Var) *autograd.Var {
	xs, ws := x.Shape(), w.Shape()
	if len(xs) != 2 || len(ws) != 2 || xs[1] != ws[1] {
		panic(&tensor.Error{Op: op, Path: autograd.Path(w), Shapes: []tensor.Shape{xs, ws}, Detail: "input and weight [out, in] differ in width"})
	}
	return autograd.MatMulT(x, w)
}

// addBias adds a row b [C] to every row of y [R, C], in y's own memory: y is the caller's fresh result.
func addBias(op string, y, b *autograd.Var) *autograd.Var {
	rows, cols := y.Dim(0), y.Dim(1)
	if !b.Shape().Equal(tensor.Shape{cols}) {
		panic(&tensor.Error{Op: op, Path: autograd.Path(b), Shapes: []tensor.Shape{y.Shape(), b.Shape()}, Detail: "the bias must be [out]"})
	}
	kernels.AddRowVector(y.Data(), b.Data(), rows, cols)
	return autograd.OpPass(op, y.Value(), []*autograd.Var{y, b}, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		if gx[1] != nil {
			kernels.ColumnSums(gx[1].Data(), gy.Data(), rows, cols)
		}
	})
}
