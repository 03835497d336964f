package dataset

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// HoldoutSettings says how Holdout splits. The zero value holds out a tenth of each class, chosen with seed 0.
type HoldoutSettings struct {
	Fraction float64 // of each class, rounded to the nearest number of images; 0 means 0.1
	// Min is the least number of images held out of a class, as far as one is left for training: without it the smallest
	// classes of a long tail have no part in the choice of a model. 0: no least number.
	Min  int
	Seed uint64
}

// Holdout splits d into a part to train on and a part to choose models by, so that the test set has no say in it. Each
// class is split by itself, and keeps at least one image for training; Counts(held) is 0 for a class that is too small to
// be split, as one of a single image always is. Both parts read through to d and keep its order. What a smaller fraction
// holds out is part of what a larger one does.
//
// It is an error if a setting or a label is out of range, or if nothing would be held out.
func Holdout(d Dataset, s HoldoutSettings) (train, held Dataset, err error) {
	if !(s.Fraction >= 0 && s.Fraction < 1) {
		return nil, nil, fmt.Errorf("dataset: a held-out fraction of %v: it must be above 0 and below 1", s.Fraction)
	}
	s.Fraction = cmp.Or(s.Fraction, 0.1)
	if s.Min < 0 {
		return nil, nil, fmt.Errorf("dataset: at least %d images of each class held out: the number must not be negative", s.Min)
	}
	members := make([][]int, len(d.Classes()))
	for i := range d.Len() {
		label := d.Label(i)
		if err := checkLabel(i, label, len(members)); err != nil {
			return nil, nil, err
		}
		members[label] = append(members[label], i)
	}
	out, splits, largest := make([]bool, d.Len()), false, 0
	for class, indices := range members {
		// Not the numbers LongTail shuffles with: one seed for both must not make the two choices depend on each other.
		rng := rand.New(rand.NewPCG(^s.Seed, uint64(class)))
		rng.Shuffle(len(indices), func(i, j int) { indices[i], indices[j] = indices[j], indices[i] })
		largest = max(largest, len(indices))
		n := max(int(math.Round(s.Fraction*float64(len(indices)))), s.Min)
		for _, i := range indices[:max(0, min(n, len(indices)-1))] {
			out[i], splits = true, true
		}
	}
	if largest < 2 {
		return nil, nil, fmt.Errorf("dataset: nothing is held out: the set has no class of two images")
	}
	if !splits {
		return nil, nil, fmt.Errorf("dataset: nothing is held out: a fraction of %v is less than half an image of every class "+
			"that has two: raise Fraction or Min", s.Fraction)
	}
	var kept, rest []int
	for i := range out {
		if out[i] {
			rest = append(rest, i)
		} else {
			kept = append(kept, i)
		}
	}
	return &subset{d, kept}, &subset{d, rest}, nil
}

// Indices returns which images d consists of: for what Subset, LongTail or Holdout chose, the indices in the set it was
// chosen from in the end, also once Load has read it; else 0 to Len()−1. With the labels they say what a run was trained on.
func Indices(d Dataset) []int {
	if chosen := chosenFrom(d); chosen != nil {
		return chosen
	}
	all := make([]int, d.Len())
	for i := range all {
		all[i] = i
	}
	return all
}

// chosenFrom returns the indices of what was chosen from another set; nil for a set that was not.
func chosenFrom(d Dataset) []int {
	switch s := d.(type) {
	case *Memory:
		return slices.Clone(s.indices)
	case *Cache:
		return chosenFrom(s.Dataset)
	case *subset:
		indices, below := slices.Clone(s.indices), chosenFrom(s.Dataset)
		for i, at := range indices {
			if below != nil {
				indices[i] = below[at]
			}
		}
		return indices
	}
	return nil
}
