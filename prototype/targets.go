package prototype

import (
	"context"

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

	ctx      context.Context
	progress func(done, of int)

	vectors   *tensor.Tensor // [C, D]: row c is the point of class c
	centroids *tensor.Tensor // [C, D]: zero until the class is seen
	due       *tensor.Tensor // [1]: 1 while the points are yet to be dealt out by these centroids
}

// NewTargets returns targets over the rows of points [C, D], such as OnSphere's, at first class c with row c. It is an
// error if a row has no direction.
func NewTargets(points *tensor.Tensor) (*Targets, error) {
	unit, err := unitRows(points)
	if err != nil {
		return nil, err
	}
	return &Targets{vectors: unit, centroids: tensor.New(unit.Shape()...), due: tensor.New(1), ctx: context.Background()}, nil
}

// Watch lets ctx end a deal early: the points are then dealt out when they are needed next, so that a run that goes on has the same
// bits. progress, if not nil, is told now and then how many of the classes a deal has placed, on the goroutine that trains. Of
// 8,142 classes a deal takes half a minute at worst.
func (t *Targets) Watch(ctx context.Context, progress func(done, of int)) {
	t.ctx, t.progress = ctx, progress
}

// Vectors returns each class's point.
func (t *Targets) Vectors(tape *autograd.Tape) *autograd.Var {
	if t.due.Data()[0] != 0 { // a deal was ended early, perhaps by the run that this one goes on with
		t.deal(context.Background())
	}
	return tape.Const(tape.Buffer(t.vectors))
}

// Visit shows points and centroids, and whether a deal is due.
func (t *Targets) Visit(v nn.Visitor) {
	v.Buffer("vectors", t.vectors)
	v.Buffer("centroids", t.centroids)
	v.Buffer("due", t.due)
}

// Observe moves the centroids of the classes seen and deals the points out again.
func (t *Targets) Observe(embedding *tensor.Tensor, labels []int, epochEnds bool) {
	for row, sum := range sums("prototype.Targets", t.centroids, 1, embedding, labels) {
		follow(t.centroids.Rows(row, row+1).Data(), sum, 0.9)
	}
	if t.AtEpochEnds && !epochEnds {
		return
	}
	t.due.Data()[0] = 1
	t.deal(t.ctx)
}

// deal gives each class the point that is best for all. It is still due if ctx ends before.
func (t *Targets) deal(ctx context.Context) {
	classes := t.vectors.Dim(0)
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	gains := autograd.MatMulT(tape.Const(t.centroids), tape.Const(t.vectors)).Data()
	of, err := assign(ctx, classes, gains, t.progress)
	if err != nil {
		return
	}
	before := t.vectors.Clone()
	for c, row := range of {
		copy(t.vectors.Rows(c, c+1).Data(), before.Rows(row, row+1).Data())
	}
	t.due.Data()[0] = 0
}
