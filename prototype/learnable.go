package prototype

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Learnable prototypes are trained with the network: parameters normalised in the forward pass.
type Learnable struct {
	Weight *autograd.Param // [C, D], of any length
}

// NewLearnable returns prototypes in random directions; for M of them a class, ask for classes·M. It is an error if
// classes or dim is not positive.
func NewLearnable(classes, dim int, rng *rand.Rand) (*Learnable, error) {
	if err := (Size{Classes: classes, Dim: dim}).check(); err != nil {
		return nil, err
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
