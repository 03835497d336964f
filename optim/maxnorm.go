package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// MaxNorm is a Rule that holds the rows of matrices within a length (arXiv 2203.14197): after each step of Rule, a row of a
// parameter [C, F] that is longer than the bound is scaled down to it. Of a classifier no class can then outgrow the
// others. Parameters of other shapes, biases and convolutions among them, are Rule's alone.
type MaxNorm struct {
	Rule Rule // required
	// Share places the bound of a matrix between the length of its shortest row, 0, and that of its longest, 1, when the
	// optimizer is made; 0 means the paper's 0.1, Off means 0.
	Share float64
	// Bound is the bound itself; 0: by Share.
	Bound float64
}

// New returns an optimizer of params. Its state is that of Rule's, and "max-norm.<path>", the bound, of each matrix. It is an
// error if a setting makes no sense, or if a matrix leaves no room: its bound would be 0 or is not finite.
func (m MaxNorm) New(params []nn.Entry) (Optimizer, error) {
	if m.Rule == nil {
		return nil, errors.New("optim: MaxNorm.Rule is not set: it says how parameters change, as SGD{Momentum: 0.9} does")
	}
	share := m.Share
	switch share {
	case 0:
		share = 0.1
	case Off:
		share = 0
	}
	if !(share >= 0 && share <= 1) {
		return nil, fmt.Errorf("optim: MaxNorm.Share is %v: it must be in [0, 1], 0 means 0.1 and Off 0", m.Share)
	}
	if err := nonNegative("MaxNorm.Bound", m.Bound); err != nil {
		return nil, err
	}
	inner, err := m.Rule.New(params)
	if err != nil {
		return nil, err
	}
	o := &maxNorm{Optimizer: inner}
	for _, e := range params {
		if len(e.Param.Value.Shape()) != 2 {
			continue
		}
		bound := m.Bound
		if bound == 0 {
			shortest, longest := math.Inf(1), 0.0
			for r := range e.Param.Value.Dim(0) {
				n := length(e.Param.Value.Rows(r, r+1).Data())
				shortest, longest = math.Min(shortest, n), math.Max(longest, n)
			}
			bound = shortest + share*(longest-shortest)
		}
		if !(bound > 0) || math.IsInf(bound, 1) {
			return nil, fmt.Errorf("optim: MaxNorm: the rows of %q could be no longer than %v: give Bound, or begin from weights that are "+
				"finite and not all 0", e.Path, bound)
		}
		o.matrices = append(o.matrices, bounded{e, tensor.Scalar(float32(bound))})
	}
	return o, nil
}

type maxNorm struct {
	Optimizer
	matrices []bounded
}

// bounded is a matrix with the bound of its rows.
type bounded struct {
	nn.Entry
	bound *tensor.Tensor
}

// Step is Rule's, and then rows that are too long are scaled down.
func (o *maxNorm) Step(lr float64) {
	o.Optimizer.Step(lr)
	for _, m := range o.matrices {
		if m.Param.Frozen {
			continue
		}
		bound := float64(m.bound.Item())
		for r := range m.Param.Value.Dim(0) {
			row := m.Param.Value.Rows(r, r+1).Data()
			if n := length(row); n > bound {
				for i := range row {
					row[i] *= float32(bound / n)
				}
			}
		}
	}
}

// Visit shows Rule's state and the bounds.
func (o *maxNorm) Visit(v nn.Visitor) {
	o.Optimizer.Visit(v)
	for _, m := range o.matrices {
		v.Buffer("max-norm."+m.Path, m.bound)
	}
}

func length(row []float32) float64 {
	sum := 0.0
	for _, v := range row {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}
