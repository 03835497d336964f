package prototype

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// ClassifierRows are prototypes made of the classifier's weights: row c is norm(Head(weight row c)), the class centres of
// BCL (arXiv 2207.09052), whose Head is Linear, batch norm, ReLU, Linear. The gradient reaches Head and the weights.
type ClassifierRows struct {
	Weight *autograd.Param // [C, F], such as nn.Linear.Weight: the network's own
	Head   nn.Module       // [C, F] to [C, D]; nil: the rows as they are
}

// Vectors returns the normalised rows.
func (c *ClassifierRows) Vectors(t *autograd.Tape) *autograd.Var {
	w := t.Param(c.Weight)
	if c.Head != nil {
		w = c.Head.Forward(w)
	}
	return nn.L2Normalize(w)
}

// Visit shows the head. The weights belong to the classifier, which shows them.
func (c *ClassifierRows) Visit(v nn.Visitor) {
	if c.Head != nil {
		v.Sub("head", c.Head)
	}
}
