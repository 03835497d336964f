package nn

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Ensemble is a classifier of features that several experts give side by side, each weighed by 1/experts as
// backbone.Branched does. Its logits are the mean of theirs.
type Ensemble interface {
	Module
	// Each returns the logits [R, classes] of each expert of features [R, experts·F].
	Each(x *autograd.Var, experts int) []*autograd.Var
}

// Each returns x_e·W_eᵀ + b of each expert's features, unweighted, and columns of the weight; the bias is common to them. Their
// mean is Forward's result, so that what is done to a linear classifier after training is done to the mean.
func (l *Linear) Each(x *autograd.Var, experts int) []*autograd.Var {
	xs, ws := parts("nn.Linear.Each", x, x.Tape().Param(l.Weight), experts)
	for e := range xs {
		xs[e] = autograd.Scale(autograd.MatMulT(xs[e], ws[e]), float64(experts))
		if l.Bias != nil {
			xs[e] = addBias("nn.Linear.Each", xs[e], x.Tape().Param(l.Bias))
		}
	}
	return xs
}

// Each returns the cosines of each expert's features with columns of the weight, times Scale. Their mean is Forward's result if
// Groups is the number of experts.
func (c *Cosine) Each(x *autograd.Var, experts int) []*autograd.Var {
	xs, ws := parts("nn.Cosine.Each", x, x.Tape().Param(c.Weight), experts)
	for e := range xs {
		xs[e] = c.scaled(autograd.MatMulT(L2Normalize(xs[e]), L2Normalize(ws[e])), 1)
	}
	return xs
}

// parts returns the columns of features and weights that belong to each expert.
func parts(op string, x, w *autograd.Var, experts int) (xs, ws []*autograd.Var) {
	s := x.Shape()
	if len(s) != 2 || s[1] != w.Dim(1) || experts < 1 || s[1]%experts != 0 {
		panic(&tensor.Error{Op: op, Path: autograd.Path(w), Shapes: []tensor.Shape{s, w.Shape()},
			Detail: fmt.Sprintf("input and weight [classes, in] must be of one width that %d experts divide", experts)})
	}
	n := s[1] / experts
	for e := range experts {
		xs, ws = append(xs, columns(x, e*n, (e+1)*n)), append(ws, columns(w, e*n, (e+1)*n))
	}
	return xs, ws
}

// columns returns those from ≤ i < to of a matrix.
func columns(x *autograd.Var, from, to int) *autograd.Var {
	rows, width, n := x.Dim(0), x.Dim(1), to-from
	y := x.Tape().Scratch(rows, n)
	for r := range rows {
		copy(y.Data()[r*n:(r+1)*n], x.Data()[r*width+from:])
	}
	return autograd.Op("nn.columns", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for r := range rows {
			kernels.AddScaled(gx[0].Data()[r*width+from:r*width+to], 1, gy.Data()[r*n:(r+1)*n])
		}
	})
}
