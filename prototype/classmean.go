package prototype

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// ClassMean prototypes are the normalised means of their class's embeddings over the last epoch, one of the choices of
// arXiv 2103.14267. They stay for an epoch and are recomputed after its last step; a class the epoch did not show keeps
// its prototype. Of several a class, each is the mean of the embeddings that were nearest to it, a step of k-means an
// epoch. They take no gradient.
type ClassMean struct {
	perClass       int
	vectors, total *tensor.Tensor // total is the sum over the epoch so far
}

// NewClassMean returns prototypes in random directions, which the first epoch is trained with. It is an error if a size
// is not positive.
func NewClassMean(s Settings) (*ClassMean, error) {
	v, err := s.start()
	if err != nil {
		return nil, err
	}
	return &ClassMean{perClass: max(s.PerClass, 1), vectors: v, total: tensor.New(v.Shape()...)}, nil
}

// Vectors returns the prototypes of the epoch.
func (c *ClassMean) Vectors(t *autograd.Tape) *autograd.Var { return t.Const(t.Buffer(c.vectors)) }

// Visit shows the prototypes and the sums of the epoch so far.
func (c *ClassMean) Visit(v nn.Visitor) {
	v.Buffer("vectors", c.vectors)
	v.Buffer("total", c.total)
}

// Observe adds to the epoch's sums, and recomputes the prototypes when the epoch ends.
func (c *ClassMean) Observe(embedding *tensor.Tensor, labels []int, epochEnds bool) {
	for row, sum := range sums("prototype.ClassMean", c.vectors, c.perClass, embedding, labels) {
		for k, v := range sum {
			c.total.Rows(row, row+1).Data()[k] += float32(v)
		}
	}
	if !epochEnds {
		return
	}
	wide := make([]float64, c.total.Dim(1))
	for row := range c.total.Dim(0) {
		for k, v := range c.total.Rows(row, row+1).Data() {
			wide[k] = float64(v)
		}
		setUnit(c.vectors.Rows(row, row+1).Data(), wide)
	}
	c.total.Zero()
}
