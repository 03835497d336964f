package sampler

// Instance draws every image once, in random order: each image is equally likely, so classes appear as often as they
// have images (instance-balanced sampling).
type Instance struct{}

// Epoch returns a permutation of the indices of labels. It returns an error if there are no labels, if one is negative,
// or if the batch is larger than the data.
func (Instance) Epoch(labels []int, p Plan) ([]int, error) {
	if err := p.check(labels); err != nil {
		return nil, err
	}
	return p.rand().Perm(len(labels)), nil
}
