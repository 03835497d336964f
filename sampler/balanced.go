package sampler

// ClassBalanced draws a class uniformly and then one of its images uniformly, with replacement: classes appear equally
// often, and images of rare classes many times.
type ClassBalanced struct {
	// SkipEmpty draws from the classes that have images. Without it a class without images is an error, since it
	// mostly means that the labels are not what was intended.
	SkipEmpty bool
}

// Epoch returns len(labels) draws, so that an epoch is as long as one of [Instance]. The classes are 0 to the largest
// label, or those of the plan if it has more. It returns an error if there are no labels, if one is negative, if the
// batch is larger than the data, or if a class has no images and SkipEmpty is not set.
func (s ClassBalanced) Epoch(labels []int, p Plan) ([]int, error) {
	if err := p.check(labels); err != nil {
		return nil, err
	}
	groups, err := byClass(labels, p, s.SkipEmpty)
	if err != nil {
		return nil, err
	}
	r := p.rand()
	draws := make([]int, len(labels))
	for i := range draws {
		class := groups[r.IntN(len(groups))]
		draws[i] = class[r.IntN(len(class))]
	}
	return draws, nil
}
