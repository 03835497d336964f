package prototype

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// MovingAverage prototypes follow the embeddings of their class, one of the choices of arXiv 2103.14267. After each step
// a prototype p whose class was seen becomes
//
//	p ← norm( Momentum·p + (1−Momentum)·norm(mean) )
//
// with the mean over the step's rows of that class; of several prototypes a class, each over the rows nearest to it.
// They take no gradient.
type MovingAverage struct {
	momentum float64
	perClass int
	vectors  *tensor.Tensor
}

// MovingAverageSettings are what NewMovingAverage makes a bank of.
type MovingAverageSettings struct {
	Settings
	Momentum float64 // share of the old prototype, below 1; 0 means 0.9, Off means 0
}

// NewMovingAverage returns prototypes in random directions. It is an error if a size is not positive, or the momentum is
// out of range.
func NewMovingAverage(s MovingAverageSettings) (*MovingAverage, error) {
	m := cmp.Or(s.Momentum, 0.9)
	if m == Off {
		m = 0
	}
	if !(m >= 0 && m < 1) {
		return nil, fmt.Errorf("prototype: Momentum %v must be in [0, 1), with prototype.Off for 0 (0 means 0.9)", m)
	}
	v, err := s.start()
	if err != nil {
		return nil, err
	}
	return &MovingAverage{momentum: m, perClass: max(s.PerClass, 1), vectors: v}, nil
}

// Vectors returns the prototypes of the steps so far.
func (m *MovingAverage) Vectors(t *autograd.Tape) *autograd.Var { return t.Const(t.Buffer(m.vectors)) }

// Visit shows the prototypes.
func (m *MovingAverage) Visit(v nn.Visitor) { v.Buffer("vectors", m.vectors) }

// Observe moves the prototypes of the classes seen.
func (m *MovingAverage) Observe(embedding *tensor.Tensor, labels []int, _ bool) {
	for row, sum := range sums("prototype.MovingAverage", m.vectors, m.perClass, embedding, labels) {
		follow(m.vectors.Rows(row, row+1).Data(), sum, m.momentum)
	}
}

// follow moves p towards the direction of sum.
func follow(p []float32, sum []float64, momentum float64) {
	mean := make([]float32, len(p))
	if !setUnit(mean, sum) {
		return
	}
	for k, v := range mean {
		sum[k] = momentum*float64(p[k]) + (1-momentum)*float64(v)
	}
	setUnit(p, sum)
}

// sums returns the sums of the embeddings by the row of vectors they belong to: the nearest one of their class.
func sums(op string, vectors *tensor.Tensor, perClass int, embedding *tensor.Tensor, labels []int) map[int][]float64 {
	dim, classes := vectors.Dim(1), vectors.Dim(0)/perClass
	if s := embedding.Shape(); len(s) != 2 || s[0] != len(labels) || s[1] != dim {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{s, {len(labels), dim}},
			Detail: "needs an embedding of the prototypes' width for each label"})
	}
	out := map[int][]float64{}
	for i, y := range labels {
		if y < 0 || y >= classes {
			panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(labels)}},
				Detail: fmt.Sprintf("label %d of row %d is not one of %d classes", y, i, classes)})
		}
		z := embedding.Data()[i*dim : (i+1)*dim]
		row, best := y*perClass, math.Inf(-1)
		for m := range perClass {
			s := 0.0
			for k, p := range vectors.Data()[(y*perClass+m)*dim:][:dim] {
				s += float64(p) * float64(z[k])
			}
			if s > best {
				row, best = y*perClass+m, s
			}
		}
		sum := out[row]
		if sum == nil {
			sum = make([]float64, dim)
			out[row] = sum
		}
		for k, v := range z {
			sum[k] += float64(v)
		}
	}
	return out
}
