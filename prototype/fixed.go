package prototype

import (
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Fixed prototypes stay where they are: points spread on the sphere (OnSphere), or any others.
type Fixed struct{ vectors *tensor.Tensor }

// NewFixed returns prototypes in the directions of the rows of vectors [C·M, D]. It is an error if a row has none.
func NewFixed(vectors *tensor.Tensor) (*Fixed, error) {
	unit, err := unitRows(vectors)
	if err != nil {
		return nil, err
	}
	return &Fixed{unit}, nil
}

// Vectors returns the prototypes.
func (f *Fixed) Vectors(t *autograd.Tape) *autograd.Var { return t.Const(t.Buffer(f.vectors)) }

// Visit shows the prototypes, so that a checkpoint has them.
func (f *Fixed) Visit(v nn.Visitor) { v.Buffer("vectors", f.vectors) }

// unitRows returns a copy with normalised rows.
func unitRows(x *tensor.Tensor) (*tensor.Tensor, error) {
	if x == nil {
		return nil, errors.New("prototype: no vectors: give a matrix with a row for each prototype")
	}
	if len(x.Shape()) != 2 || x.Len() == 0 {
		return nil, fmt.Errorf("prototype: vectors of shape %v: needs a matrix with a row for each prototype", x.Shape())
	}
	rows, dim := x.Dim(0), x.Dim(1)
	unit, wide := tensor.New(rows, dim), make([]float64, dim)
	for r := range rows {
		for k := range wide {
			wide[k] = float64(x.Data()[r*dim+k])
		}
		if !setUnit(unit.Data()[r*dim:(r+1)*dim], wide) {
			return nil, fmt.Errorf("prototype: row %d of the vectors is zero or not finite: it has no direction", r)
		}
	}
	return unit, nil
}
