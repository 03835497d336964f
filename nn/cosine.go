package nn

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Cosine is a classifier without bias whose logits are cosines: of each input row and each class's weight row, times
// Scale. LDAM (arXiv 1906.07413) and its kin need it.
type Cosine struct {
	Weight *autograd.Param // [classes, in]; its rows are normalised in the forward pass
	Scale  float64         // of the logits; 0 means 1, for losses that scale
	// Groups divides inputs and weights into so many parts of equal width, and the logits are the mean of the parts' cosines, as
	// of experts (Ensemble). 0 means 1.
	Groups int
}

// CosineSettings are what NewCosine makes a classifier of.
type CosineSettings struct {
	In, Classes int
	Scale       float64    // of the logits; 0 means 1, for losses that scale
	Groups      int        // see Cosine; must divide In
	Seed        uint64     // of the weights
	Rand        *rand.Rand // draws them in place of Seed, see the package comment
}

// NewCosine returns a classifier with random directions.
func NewCosine(s CosineSettings) *Cosine {
	checkSizes("nn.NewCosine", "In, Classes", 0, s.In, s.Classes)
	if groups := max(s.Groups, 1); s.In%groups != 0 {
		panic(&tensor.Error{Op: "nn.NewCosine", Detail: fmt.Sprintf("an input of width %d in %d groups: they must divide it", s.In, groups)})
	}
	c := &Cosine{Weight: autograd.NewParam(tensor.New(s.Classes, s.In)), Scale: s.Scale, Groups: s.Groups}
	XavierUniform(c.Weight.Value, s.In, s.Classes, source(s.Seed, s.Rand))
	return c
}

// Forward returns the cosines of x [R, in] with each class: [R, classes].
func (c *Cosine) Forward(x *autograd.Var) *autograd.Var {
	w := x.Tape().Param(c.Weight)
	if s := x.Shape(); len(s) != 2 || s[1] != w.Dim(1) {
		panic(&tensor.Error{Op: "nn.Cosine", Path: autograd.Path(w), Shapes: []tensor.Shape{s, w.Shape()}, Detail: "input and weight [classes, in] differ in width"})
	}
	groups := max(c.Groups, 1)
	return c.scaled(autograd.MatMulT(normalized(x, groups), normalized(w, groups)), 1/float64(groups))
}

// scaled returns y times Scale and a share.
func (c *Cosine) scaled(y *autograd.Var, share float64) *autograd.Var {
	if c.Scale != 0 {
		share *= c.Scale
	}
	if share == 1 {
		return y
	}
	return autograd.Scale(y, share)
}

// normalized returns rows whose parts have unit length.
func normalized(x *autograd.Var, groups int) *autograd.Var {
	if groups == 1 {
		return L2Normalize(x)
	}
	s := x.Shape()
	return autograd.Reshape(L2Normalize(autograd.Reshape(x, s[0]*groups, s[1]/groups)), s...)
}

// Visit shows the weight.
func (c *Cosine) Visit(v Visitor) { v.Param("weight", c.Weight) }
