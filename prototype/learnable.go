package prototype

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// Learnable prototypes are trained with the network: parameters normalised in the forward pass. A row of norm ‖v‖ turns by
// about rate·‖gradient‖/‖v‖² a step, so how fast prototypes move depends on the length they begin with.
type Learnable struct {
	Weight *autograd.Param // [C·M, D], of any length
}

// NewLearnable returns unit rows in random directions. It is an error if a size is not positive.
func NewLearnable(s Settings) (*Learnable, error) {
	v, err := s.start()
	if err != nil {
		return nil, err
	}
	return &Learnable{Weight: autograd.NewParam(v)}, nil
}

// Vectors returns the normalised rows.
func (l *Learnable) Vectors(t *autograd.Tape) *autograd.Var { return nn.L2Normalize(t.Param(l.Weight)) }

// Visit shows the vectors.
func (l *Learnable) Visit(v nn.Visitor) { v.Param("weight", l.Weight) }
