package sampler

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

// byClass returns the images of each class that has any, in the order of the classes, which are 0 to the largest label,
// or those of the plan if it has more. A class without images is an error unless skipEmpty is set.
func byClass(labels []int, p Plan, skipEmpty bool) ([][]int, error) {
	images := make(map[int][]int) // by class; a map, since one stray label may be huge
	for i, label := range labels {
		images[label] = append(images[label], i)
	}
	classes := slices.Sorted(maps.Keys(images))
	total := max(p.Classes, classes[len(classes)-1]+1)
	if !skipEmpty && len(classes) < total {
		empty := len(classes) // the last ones, unless there is a gap
		for want, class := range classes {
			if class != want {
				empty = want
				break
			}
		}
		return nil, fmt.Errorf("sampler: class %d of %d has no images: set SkipEmpty to draw from the other classes", empty, total)
	}
	groups := make([][]int, len(classes))
	for i, class := range classes {
		groups[i] = images[class]
	}
	return groups, nil
}

// draw returns n draws with replacement: a group with odds proportional to its weight, then one of its images uniformly.
func draw(groups [][]int, weights []float64, n int, r *rand.Rand) []int {
	upTo := make([]float64, len(weights))
	total := 0.0
	for g, w := range weights {
		total += w
		upTo[g] = total
	}
	draws := make([]int, n)
	for i := range draws {
		at := r.Float64() * total // below total, rounded too: Float64 is 1 − 2⁻⁵³ at most
		g, exact := slices.BinarySearch(upTo, at)
		if exact { // at is the first value of the next group
			g++
		}
		group := groups[g]
		draws[i] = group[r.IntN(len(group))]
	}
	return draws
}

// weighted is an epoch of len(labels) draws, with odds of the classes given by their numbers of images.
func weighted(labels []int, p Plan, skipEmpty bool, weights func(counts []float64) []float64) ([]int, error) {
	if err := p.check(labels); err != nil {
		return nil, err
	}
	groups, err := byClass(labels, p, skipEmpty)
	if err != nil {
		return nil, err
	}
	counts := make([]float64, len(groups))
	for g, images := range groups {
		counts[g] = float64(len(images))
	}
	return draw(groups, weights(counts), len(labels), p.rand()), nil
}
