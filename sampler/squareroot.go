package sampler

import "math"

// SquareRoot draws class c with odds √n_c, where n_c is its number of images, and then one of its images uniformly, with
// replacement (arXiv 1805.00932, arXiv 1910.09217): half way between [Instance] and [ClassBalanced].
type SquareRoot struct {
	SkipEmpty bool // draw from the classes that have images, as in ClassBalanced
}

// Epoch returns len(labels) draws. Its errors are those of [ClassBalanced].
func (s SquareRoot) Epoch(labels []int, p Plan) ([]int, error) {
	return weighted(labels, p, s.SkipEmpty, func(counts []float64) []float64 {
		for c, n := range counts {
			counts[c] = math.Sqrt(n)
		}
		return counts
	})
}
