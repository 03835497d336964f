package metrics

import (
	"fmt"
	"math"
)

// Gram is the cosines of all pairs of class prototypes.
type Gram struct {
	Classes int
	Cosines []float64 // [Classes, Classes], row-major
}

// NewGram returns the cosines of the rows of prototypes, [classes, dim], row-major; the rows need not be of unit length.
// No rows, a row of zeros, which has no direction, and values that are not finite are errors.
func NewGram(prototypes []float32, dim int) (*Gram, error) {
	classes, err := checkRows("prototypes", prototypes, dim)
	if err != nil {
		return nil, err
	}
	if classes == 0 {
		return nil, fmt.Errorf("metrics: Gram matrix without prototypes: give a row for each class")
	}
	unit := make([]float64, len(prototypes))
	for c := range classes {
		sum := 0.0
		for _, v := range prototypes[c*dim : (c+1)*dim] {
			sum += float64(v) * float64(v)
		}
		if sum == 0 {
			return nil, fmt.Errorf("metrics: prototype %d is zero: it has no direction to measure", c)
		}
		for k, v := range prototypes[c*dim : (c+1)*dim] {
			unit[c*dim+k] = float64(v) / math.Sqrt(sum)
		}
	}
	g := &Gram{classes, make([]float64, classes*classes)}
	for i := range classes {
		for j := range i + 1 {
			dot := 0.0
			for k, v := range unit[i*dim : (i+1)*dim] {
				dot += v * unit[j*dim+k]
			}
			g.Cosines[i*classes+j], g.Cosines[j*classes+i] = dot, dot
		}
	}
	return g, nil
}

// At returns the cosine of the prototypes of classes i and j.
func (g *Gram) At(i, j int) float64 { return g.Cosines[i*g.Classes+j] }

// FromSimplex returns how far the cosines of different prototypes are from −1/(C−1), which all have at the vertices of a
// regular simplex, the most even spread of C prototypes (it exists in C−1 dimensions and more; arXiv 2111.13998, arXiv
// 2207.09052): the mean and the largest of the absolute differences. Both are NaN for one class.
func (g *Gram) FromSimplex() (mean, worst float64) {
	if g.Classes < 2 {
		return math.NaN(), math.NaN()
	}
	ideal := -1 / float64(g.Classes-1)
	for i := range g.Classes {
		for j := range i {
			d := math.Abs(g.At(i, j) - ideal)
			mean += d
			worst = max(worst, d)
		}
	}
	return mean / (float64(g.Classes) * float64(g.Classes-1) / 2), worst
}
