package main

import (
	"math"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
)

// measures are of features scaled to unit length.
type measures struct {
	Alignment  float64 `json:"alignment"`  // mean squared distance of two test images of a class, mean over the classes
	Uniformity float64 `json:"uniformity"` // of test images; the lower, the more evenly they cover the sphere
	// FromSimplex is how far the cosines of the class means of the training images are from those of a regular simplex, in the mean.
	// Features that end in ReLU are all on one side, so the means are taken from their own mean.
	FromSimplex float64 `json:"from_simplex"`
}

const mostUniform = 4000 // rows that uniformity is taken of; time goes with their square

func measure(trainSet, test posthoc.Set) (m measures, err error) {
	dim := test.Features.Dim(1)
	x := unit(test.Features.Data(), dim)
	if _, m.Alignment, err = metrics.ClassAlignment(x, dim, test.Labels, test.Classes); err != nil {
		return m, err
	}
	if m.Uniformity, err = metrics.Uniformity(spread(x, dim), dim); err != nil {
		return m, err
	}
	gram, err := metrics.NewGram(means(unit(trainSet.Features.Data(), dim), dim, trainSet), dim)
	if err != nil {
		return m, err
	}
	m.FromSimplex, _ = gram.FromSimplex()
	return m, nil
}

// unit returns the rows scaled to length 1; rows of zeros stay.
func unit(x []float32, dim int) []float32 {
	y := make([]float32, len(x))
	for r := 0; r < len(x); r += dim {
		sum := 0.0
		for _, v := range x[r : r+dim] {
			sum += float64(v) * float64(v)
		}
		norm := float32(math.Sqrt(max(sum, 1e-24)))
		for i, v := range x[r : r+dim] {
			y[r+i] = v / norm
		}
	}
	return y
}

// spread returns at most mostUniform rows, evenly spaced: test sets often go class by class.
func spread(x []float32, dim int) []float32 {
	rows := len(x) / dim
	if rows <= mostUniform {
		return x
	}
	var some []float32
	for k := range mostUniform {
		r := k * rows / mostUniform
		some = append(some, x[r*dim:(r+1)*dim]...)
	}
	return some
}

// means returns those of the classes, less the mean of them all.
func means(x []float32, dim int, s posthoc.Set) []float32 {
	of, all, counts := make([]float32, s.Classes*dim), make([]float32, dim), s.Counts()
	for r, y := range s.Labels {
		for i, v := range x[r*dim : (r+1)*dim] {
			part := v / float32(counts[y])
			of[y*dim+i] += part
			all[i] += part / float32(s.Classes)
		}
	}
	for i := range of {
		of[i] -= all[i%dim]
	}
	return of
}
