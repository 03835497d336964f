package nn

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// LayerNorm normalises each row, the values along the last dimension, by its own mean and variance (arXiv 1607.06450). It
// does the same in training and in evaluation.
type LayerNorm struct {
	Weight, Bias *autograd.Param // [C]; a nil one is left out
	Epsilon      float64         // added to the variance; 0 means 1e-5
}

// NewLayerNorm returns a layer for rows of the given length with weight 1 and bias 0.
func NewLayerNorm(channels int) *LayerNorm {
	checkSizes("nn.NewLayerNorm", "channels", 0, channels)
	l := &LayerNorm{Weight: autograd.NewParam(tensor.New(channels)), Bias: autograd.NewParam(tensor.New(channels))}
	for i := range channels {
		l.Weight.Value.Data()[i] = 1
	}
	return l
}

// Forward normalises x […, C].
func (l *LayerNorm) Forward(x *autograd.Var) *autograd.Var {
	const op = "nn.LayerNorm"
	t, s := x.Tape(), x.Shape()
	if len(s) == 0 || !(l.Epsilon >= 0) {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{s}, Detail: fmt.Sprintf("needs rows […, C], and an epsilon, %v, that is not negative", l.Epsilon)})
	}
	epsilon := l.Epsilon
	if epsilon == 0 {
		epsilon = 1e-5
	}
	in := []*autograd.Var{x}
	rows, cols := s[:len(s)-1].Len(), s[len(s)-1]
	affine := func(p *autograd.Param) (values []float32, at int) { // and its place among the inputs
		if p == nil {
			return nil, 0
		}
		v := t.Param(p)
		if !v.Shape().Equal(tensor.Shape{cols}) {
			panic(&tensor.Error{Op: op, Path: autograd.Path(v), Shapes: []tensor.Shape{s, v.Shape()}, Detail: "weight and bias must be [C], as long as the rows"})
		}
		in = append(in, v)
		return v.Data(), len(in) - 1
	}
	gamma, gammaAt := affine(l.Weight)
	beta, betaAt := affine(l.Bias)
	y, mean, invStd := t.Scratch(s...), t.Scratch(rows), t.Scratch(rows)
	kernels.LayerNorm(y.Data(), mean.Data(), invStd.Data(), x.Data(), gamma, beta, rows, cols, epsilon)
	return autograd.Op(op, y, in, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		wanted := func(at int) []float32 {
			if at == 0 || gx[at] == nil {
				return nil
			}
			return gx[at].Data()
		}
		if dg, db := wanted(gammaAt), wanted(betaAt); dg != nil || db != nil {
			kernels.LayerNormParamGrad(dg, db, gy.Data(), x.Data(), mean.Data(), invStd.Data(), rows, cols)
		}
		if gx[0] != nil {
			kernels.LayerNormGrad(gx[0].Data(), gy.Data(), x.Data(), gamma, mean.Data(), invStd.Data(), rows, cols)
		}
	}).Describe(func() autograd.Attributes {
		return autograd.Attributes{"epsilon": epsilon, "weight": gammaAt, "bias": betaAt} // places among the inputs, 0: none
	})
}

// Visit shows weight and bias.
func (l *LayerNorm) Visit(v Visitor) {
	v.Param("weight", l.Weight)
	v.Param("bias", l.Bias)
}
