package nn

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Cosine is a classifier without bias whose logits are cosines: of each input row and each class's weight row, times
// Scale. LDAM (arXiv 1906.07413) and its kin need it.
type Cosine struct {
	Weight *autograd.Param // [classes, in]; its rows are normalised in the forward pass
	Scale  float64         // 0 means 1: the loss scales
}

// CosineSettings are what NewCosine makes a classifier of.
type CosineSettings struct {
	In, Classes int
	Scale       float64    // 0 means 1: the loss scales
	Seed        uint64     // of the weights
	Rand        *rand.Rand // draws them in place of Seed, see the package comment
}

// NewCosine returns a classifier with random directions.
func NewCosine(s CosineSettings) *Cosine {
	checkSizes("nn.NewCosine", "In, Classes", 0, s.In, s.Classes)
	c := &Cosine{Weight: autograd.NewParam(tensor.New(s.Classes, s.In)), Scale: s.Scale}
	XavierUniform(c.Weight.Value, s.In, s.Classes, source(s.Seed, s.Rand))
	return c
}

// Forward returns the cosines of x [R, in] with each class: [R, classes].
func (c *Cosine) Forward(x *autograd.Var) *autograd.Var {
	w := x.Tape().Param(c.Weight)
	if s := x.Shape(); len(s) != 2 || s[1] != w.Dim(1) {
		panic(&tensor.Error{Op: "nn.Cosine", Path: autograd.Path(w), Shapes: []tensor.Shape{s, w.Shape()}, Detail: "input and weight [classes, in] differ in width"})
	}
	y := autograd.MatMulT(L2Normalize(x), L2Normalize(w))
	if c.Scale != 0 && c.Scale != 1 {
		y = autograd.Scale(y, c.Scale)
	}
	return y
}

// Visit shows the weight.
func (c *Cosine) Visit(v Visitor) { v.Param("weight", c.Weight) }
