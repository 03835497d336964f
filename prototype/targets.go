package prototype

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Targets are the prototypes of TSC (arXiv 2111.13998): fixed points on the sphere, handed out to the classes by where
// these are. Each class has a unit centroid, moved by 0.1 towards the direction of the step's mean; the points are dealt
// so that the sum of centroid·point over the classes is largest (the Hungarian method). They take no gradient.
//
// The authors' code moves centroids and deals before the loss of a step, here it is done after the step.
type Targets struct {
	// AtEpochEnds deals the points out after the last step of an epoch only, not after each: dealing costs O(C³), which
	// is too much for a step of 1,000 classes.
	AtEpochEnds bool

	vectors   *tensor.Tensor // [C, D]: row c is the point of class c
	centroids *tensor.Tensor // [C, D]: zero until the class is seen
}

// NewTargets returns targets over the rows of points [C, D], such as OnSphere's, at first class c with row c. It is an
// error if a row has no direction.
func NewTargets(points *tensor.Tensor) (*Targets, error) {
	unit, err := unitRows(points)
	if err != nil {
		return nil, err
	}
	return &Targets{vectors: unit, centroids: tensor.New(unit.Shape()...)}, nil
}

// Vectors returns each class's point.
func (t *Targets) Vectors(tape *autograd.Tape) *autograd.Var {
	return tape.Const(tape.Buffer(t.vectors))
}

// Visit shows points and centroids.
func (t *Targets) Visit(v nn.Visitor) {
	v.Buffer("vectors", t.vectors)
	v.Buffer("centroids", t.centroids)
}

// Observe moves the centroids of the classes seen and deals the points out again.
func (t *Targets) Observe(embedding *tensor.Tensor, labels []int, epochEnds bool) {
	for row, sum := range sums("prototype.Targets", t.centroids, 1, embedding, labels) {
		follow(t.centroids.Rows(row, row+1).Data(), sum, 0.9)
	}
	if t.AtEpochEnds && !epochEnds {
		return
	}
	classes := t.vectors.Dim(0)
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	gains := autograd.MatMulT(tape.Const(t.centroids), tape.Const(t.vectors)).Data()
	of := assign(classes, func(i, j int) float64 { return float64(gains[i*classes+j]) })
	before := t.vectors.Clone()
	for c, row := range of {
		copy(t.vectors.Rows(c, c+1).Data(), before.Rows(row, row+1).Data())
	}
}
