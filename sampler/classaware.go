package sampler

import (
	"cmp"
	"slices"
)

// ClassAware takes the classes in turn, and the images of a class in turn (class-aware sampling, arXiv 1512.05830; arXiv
// 1910.09217 trains classifiers by it): a random order of all classes, then another one, and so on. A class gives its images
// in a random order of their own, all of them before one comes again. After any number of draws two classes differ by one
// at most, where those of [ClassBalanced] scatter.
type ClassAware struct {
	SkipEmpty bool // draw from the classes that have images, as in ClassBalanced
}

// Epoch returns C·n_max draws, where n_max of C classes is the largest number of images: that class's images once each, and
// those of the others as often as it takes. So an epoch is longer than one of [Instance], unless the classes are alike, and
// each begins with new orders. Its errors are those of [ClassBalanced].
func (s ClassAware) Epoch(labels []int, p Plan) ([]int, error) {
	if err := p.check(labels); err != nil {
		return nil, err
	}
	groups, err := byClass(labels, p, s.SkipEmpty)
	if err != nil {
		return nil, err
	}
	most := len(slices.MaxFunc(groups, func(a, b []int) int { return cmp.Compare(len(a), len(b)) }))
	r, draws := p.rand(), make([]int, 0, len(groups)*most)
	for turn := range most { // each class once
		r.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
		for _, images := range groups {
			next := turn % len(images)
			if next == 0 {
				r.Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
			}
			draws = append(draws, images[next])
		}
	}
	return draws, nil
}
