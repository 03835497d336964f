package prototype

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// Learnable prototypes are trained with the network: parameters normalised in the forward pass. A row of norm ‖v‖ turns by
// about rate·‖gradient‖/‖v‖² a step, so how fast prototypes move depends on the length they begin with.
type Learnable struct {
	Weight *autograd.Param // [C, D], of any length
}

// NewLearnable returns unit rows in random directions; for M prototypes a class, ask for classes·M. It is an error if
// classes or dim is not positive.
func NewLearnable(classes, dim int, rng *rand.Rand) (*Learnable, error) {
	if err := (Size{Classes: classes, Dim: dim}).check(); err != nil {
		return nil, err
	}
	return &Learnable{Weight: autograd.NewParam(directions(classes, dim, rng))}, nil
}

// Vectors returns the normalised rows.
func (l *Learnable) Vectors(t *autograd.Tape) *autograd.Var { return nn.L2Normalize(t.Param(l.Weight)) }

// Visit shows the vectors.
func (l *Learnable) Visit(v nn.Visitor) { v.Param("weight", l.Weight) }
