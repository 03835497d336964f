package sampler

// Reversed draws class c with odds n_max/n_c, where n_c is its number of images, and then one of its images uniformly,
// with replacement, as the re-balancing branch of BBN does (arXiv 1912.02413): the rarest class appears most often.
type Reversed struct {
	SkipEmpty bool // draw from the classes that have images, as in ClassBalanced
}

// Epoch returns len(labels) draws. Its errors are those of [ClassBalanced].
func (s Reversed) Epoch(labels []int, p Plan) ([]int, error) {
	return weighted(labels, p, s.SkipEmpty, func(counts []float64) []float64 {
		for c, n := range counts {
			counts[c] = 1 / n
		}
		return counts
	})
}
