package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Selection says which images of a class a long tail keeps.
type Selection int

const (
	// Shuffle keeps the first images of a seeded shuffle of the class. With one seed, what a smaller count keeps is part
	// of what a larger one keeps, and a class's choice does not depend on the other classes.
	Shuffle Selection = iota
	// First keeps the first images in the order of the set.
	First
	// NumPyLegacy keeps what numpy.random.seed(Seed) and numpy.random.shuffle, called for one class after the other, put
	// first: the choice of the published CIFAR code (arXiv 1906.07413), which uses seed 0.
	NumPyLegacy
)

// LongTailSettings says how LongTail chooses. The zero value shuffles with seed 0 and allows no class without images.
type LongTailSettings struct {
	Selection  Selection
	Seed       uint64 // NumPyLegacy takes 32 bits of seed; First uses none
	AllowEmpty bool   // lets classes end up without an image
}

// LongTail returns the images of d that are left when its classes are thinned to the sizes of the profile, class by class.
// It reads through to d. It is an error, which names the class, if a class has fewer images than the profile asks for, or
// ends up with none and AllowEmpty is not set.
func LongTail(d Dataset, p Profile, s LongTailSettings) (Dataset, error) {
	if p == nil {
		return nil, fmt.Errorf("dataset: the profile is nil: use Natural{} to keep every image")
	}
	classes := d.Classes()
	members := make([][]int, len(classes))
	for i := range d.Len() {
		label := d.Label(i)
		if err := checkLabel(i, label, len(classes)); err != nil {
			return nil, err
		}
		members[label] = append(members[label], i)
	}
	available := make([]int, len(classes))
	for c := range members {
		available[c] = len(members[c])
	}
	counts, err := p.Counts(available)
	if err != nil {
		return nil, err
	}
	if err := checkCounts(counts, available, classes, s.AllowEmpty); err != nil {
		return nil, err
	}
	order, err := s.order()
	if err != nil {
		return nil, err
	}
	var kept []int
	for c, indices := range members {
		order(c, indices)
		kept = append(kept, indices[:counts[c]]...)
	}
	return Subset(d, kept)
}

func checkCounts(counts, available []int, classes []string, allowEmpty bool) error {
	if len(counts) != len(classes) {
		return fmt.Errorf("dataset: the profile gives %d counts for %d classes: it must give one for each",
			len(counts), len(classes))
	}
	for c, n := range counts {
		switch {
		case n < 0:
			return fmt.Errorf("dataset: the profile asks for %d images of class %d (%q): it must ask for at least 0",
				n, c, classes[c])
		case n > available[c]:
			return fmt.Errorf("dataset: the profile asks for %d images of class %d (%q), which has %d: lower the profile's maximum, order "+
				"the classes by size, or keep what there is by the natural profile", n, c, classes[c], available[c])
		case n == 0 && !allowEmpty:
			return fmt.Errorf("dataset: the profile leaves class %d (%q) without an image: lower the imbalance factor, raise "+
				"the maximum, or allow empty classes", c, classes[c])
		}
	}
	return nil
}

// order returns the function that puts the images of a class in the order in which they are kept. It is called for one
// class after the other.
func (s LongTailSettings) order() (func(class int, indices []int), error) {
	switch s.Selection {
	case Shuffle:
		return func(class int, indices []int) {
			rng := rand.New(rand.NewPCG(s.Seed, uint64(class)))
			rng.Shuffle(len(indices), func(i, j int) { indices[i], indices[j] = indices[j], indices[i] })
		}, nil
	case First:
		return func(int, []int) {}, nil
	case NumPyLegacy:
		if s.Seed > math.MaxUint32 {
			return nil, fmt.Errorf("dataset: seed %d: NumPyLegacy takes seeds of 32 bits", s.Seed)
		}
		mt := newMT19937(uint32(s.Seed))
		return func(_ int, indices []int) { mt.shuffle(indices) }, nil
	}
	return nil, fmt.Errorf("dataset: selection %d is none of Shuffle, First and NumPyLegacy", s.Selection)
}
