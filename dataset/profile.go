package dataset

import (
	"fmt"
	"math"
	"slices"
)

// Profile gives the number of images of each class, class 0 the head.
type Profile interface {
	// Counts returns how many images each class should have, given how many there are. LongTail checks that there are
	// that many.
	Counts(available []int) ([]int, error)
}

// Exponential is the profile n_c = ⌊Max·(1/Imbalance)^(c/(C−1))⌋ of the long-tailed versions of CIFAR (arXiv 1906.07413).
// A single class gets Max.
type Exponential struct {
	Imbalance float64 // size of class 0 over size of class C−1; at least 1
	Max       int     // images of class 0; 0 means as many as the largest class has
}

// Counts implements Profile.
func (e Exponential) Counts(available []int) ([]int, error) {
	largest, err := headSize(e.Imbalance, e.Max, available)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(available))
	for c := range counts {
		exponent := 0.0
		if c > 0 {
			exponent = float64(c) / float64(len(counts)-1)
		}
		// The small part of a count makes up for rounding: 49 images over a factor of 49 are 1, not 0.
		counts[c] = int(float64(largest)*math.Pow(1/e.Imbalance, exponent) + 1e-9*float64(largest))
	}
	return counts, nil
}

// Step is the profile that gives Max images to each of the first ⌊C/2⌋ classes and ⌊Max/Imbalance⌋ to the others
// (arXiv 1710.05381).
type Step struct {
	Imbalance float64 // size of a large class over size of a small one; at least 1
	Max       int     // images of a large class; 0 means as many as the largest class has
}

// Counts implements Profile.
func (s Step) Counts(available []int) ([]int, error) {
	largest, err := headSize(s.Imbalance, s.Max, available)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(available))
	for c := range counts {
		counts[c] = largest
		if c >= len(counts)/2 {
			counts[c] = int(float64(largest)/s.Imbalance + 1e-9*float64(largest))
		}
	}
	return counts, nil
}

// Natural is the profile that keeps every image.
type Natural struct{}

// Counts implements Profile.
func (Natural) Counts(available []int) ([]int, error) { return slices.Clone(available), nil }

func headSize(imbalance float64, most int, available []int) (int, error) {
	if !(imbalance >= 1) || math.IsInf(imbalance, 1) {
		return 0, fmt.Errorf("dataset: imbalance factor %g must be at least 1 and finite: it is the size of the largest "+
			"class over that of the smallest", imbalance)
	}
	if len(available) == 0 {
		return 0, fmt.Errorf("dataset: a profile over no class: there must be at least one")
	}
	if most < 0 || int64(most) > 1<<50 { // the counts are computed in floating point
		return 0, fmt.Errorf("dataset: Max of a profile is %d: it must be positive and at most 2⁵⁰, or 0 for the size of the largest class",
			most)
	}
	if most == 0 {
		most = slices.Max(available)
	}
	return most, nil
}
