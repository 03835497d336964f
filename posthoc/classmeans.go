package posthoc

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/nearest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// ClassMeans classifies by the nearest class mean (NCM, arXiv 1910.09217): features are scaled to unit length, averaged by
// class and the means scaled to unit length; the score of a class is the cosine with its mean. Make it with NewClassMeans.
type ClassMeans struct {
	means  *tensor.Tensor // [C, D], unit rows
	counts []int
	center []float64 // subtracted from features first; nil: none
}

// ClassMeansSettings say how NewClassMeans takes means. The zero value is that of arXiv 1910.09217.
type ClassMeansSettings struct {
	// Center subtracts the mean of all training features from features before anything else, which spreads those of a
	// network that ends in a ReLU (the form CL2N of arXiv 1911.04623).
	Center bool
}

// NewClassMeans takes the means from a training set. A class without images is never predicted.
func NewClassMeans(train Set, s ClassMeansSettings) (*ClassMeans, error) {
	if err := train.check(); err != nil {
		return nil, err
	}
	m := &ClassMeans{counts: train.Counts()}
	rows, dim := train.Features.Dim(0), train.Features.Dim(1)
	if s.Center {
		m.center = make([]float64, dim)
		for i, v := range train.Features.Data() {
			m.center[i%dim] += float64(v) / float64(rows)
		}
	}
	unit := m.unit(train.Features).Data()
	sums := make([]float64, train.Classes*dim)
	for i, y := range train.Labels {
		for k, v := range unit[i*dim : (i+1)*dim] {
			sums[y*dim+k] += float64(v)
		}
	}
	means := tensor.New(train.Classes, dim) // but for their length
	for i, sum := range sums {
		means.Data()[i] = float32(sum)
	}
	m.means = nearest.Unit(means)
	return m, nil
}

func (m *ClassMeans) unit(x *tensor.Tensor) *tensor.Tensor {
	if m.center != nil {
		x = x.Clone()
		for i := range x.Data() {
			x.Data()[i] = float32(float64(x.Data()[i]) - m.center[i%len(m.center)])
		}
	}
	return nearest.Unit(x)
}

// Scores returns the cosines [N, C] of features [N, D] with the means, and −Inf for classes that had no images. A feature
// of zeros has the cosine 0 with all.
func (m *ClassMeans) Scores(features *tensor.Tensor) (*tensor.Tensor, error) {
	if err := checkMatrix("features", features); err != nil {
		return nil, err
	}
	if err := checkWidth(features, m.means.Dim(1)); err != nil {
		return nil, err
	}
	scores, err := cosines(m.unit(features), m.means)
	if err != nil {
		return nil, err
	}
	for i := range scores.Data() {
		if m.counts[i%len(m.counts)] == 0 {
			scores.Data()[i] = float32(math.Inf(-1))
		}
	}
	return scores, nil
}

// Head returns a classifier of the scores, to put on a network. It is an error if features are centred first, or if a class
// had no images, since a head of cosines can do neither.
func (m *ClassMeans) Head() (*nn.Cosine, error) {
	if m.center != nil {
		return nil, fmt.Errorf("posthoc: class means with Center have no head of cosines: make them without, or use Scores")
	}
	for c, n := range m.counts {
		if n == 0 {
			return nil, fmt.Errorf("posthoc: class %d has no images: a head would have to leave it out, use Scores", c)
		}
	}
	return &nn.Cosine{Weight: autograd.NewParam(m.means.Clone())}, nil
}

// cosines returns the inner products [N, M] of unit rows [N, D] and [M, D].
func cosines(a, b *tensor.Tensor) (out *tensor.Tensor, err error) {
	err = tensor.Try(func() error {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		out = autograd.MatMulT(tape.Const(a), tape.Const(b)).Value().Clone()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("posthoc: %w", err)
	}
	return out, nil
}
