// Package prototype has banks of class prototypes: unit vectors in the embedding space, one for each class, that
// prototypical losses (arXiv 2103.14267) compare embeddings with.
package prototype

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Bank gives the prototypes of a step.
type Bank interface {
	nn.Visitable
	// Vectors returns unit rows [C, D]: row c is the prototype of class c.
	Vectors(t *autograd.Tape) *autograd.Var
}

// Learnable prototypes are trained with the network: parameters normalised in the forward pass.
type Learnable struct {
	Weight *autograd.Param // [C, D], of any length
}

// NewLearnable returns prototypes in random directions. It is an error if classes or dim is not positive.
func NewLearnable(classes, dim int, rng *rand.Rand) (*Learnable, error) {
	if classes < 1 || dim < 1 {
		return nil, fmt.Errorf("prototype: %d classes of dimension %d: both must be at least 1", classes, dim)
	}
	l := &Learnable{Weight: autograd.NewParam(tensor.New(classes, dim))}
	for i := range l.Weight.Value.Data() {
		l.Weight.Value.Data()[i] = float32(rng.NormFloat64())
	}
	return l, nil
}

// Vectors returns the normalised rows.
func (l *Learnable) Vectors(t *autograd.Tape) *autograd.Var { return nn.L2Normalize(t.Param(l.Weight)) }

// Visit shows the vectors.
func (l *Learnable) Visit(v nn.Visitor) { v.Param("weight", l.Weight) }
