package method

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
)

// SAMSettings are those of SAM and ImbSAM; the zero value is the papers'.
type SAMSettings struct {
	Rho float64 // ρ, how far from the weights gradients are taken; 0 means 0.05
	// Tail is the number of training images below which a class is one of the tail, of ImbSAM alone. 0 means 100, or the rarer half
	// of the classes where that would make all of them the tail or none.
	Tail int
}

// SAM is cross-entropy by sharpness-aware minimization (arXiv 2010.01412): each gradient is taken where the loss is about the
// worst near by (hybrid.Term.Rho). Two images a sample: each passes twice, forward and backward.
func SAM(s SAMSettings) Method {
	m := classifier("ce", "SAM", "2010.01412", func() loss.Loss { return &loss.CrossEntropy{} })
	return m.steep("sam", 2, s, func(terms []hybrid.Term, _ Setup, rho float64) ([]hybrid.Term, error) {
		terms[0].Rho = rho
		return terms, nil
	})
}

// ImbSAM is SAM for the rows of rare classes alone (arXiv 2308.07815); the gradient of the others is taken at the weights. Three
// images a sample: each passes three times, forward and backward.
func ImbSAM(s SAMSettings) Method {
	m := classifier("ce", "ImbSAM", "2308.07815", func() loss.Loss { return &loss.CrossEntropy{} })
	return m.steep("imbsam", 3, s, func(_ []hybrid.Term, setup Setup, rho float64) ([]hybrid.Term, error) {
		tail, err := s.tail(setup.Counts)
		if err != nil {
			return nil, err
		}
		head := make([]float64, len(tail))
		for c, weight := range tail {
			head[c] = 1 - weight
		}
		return []hybrid.Term{{Name: "ce-head", Loss: &loss.CrossEntropy{Weights: head, Reduction: loss.Mean}},
			{Name: "ce-tail", Loss: &loss.CrossEntropy{Weights: tail, Reduction: loss.Mean}, Rho: rho}}, nil
	})
}

// tail is 1 for the classes of the tail, and 0 for the others.
func (s SAMSettings) tail(counts []int) ([]float64, error) {
	tail, rare := make([]float64, len(counts)), 0
	for c, n := range counts {
		if n < cmp.Or(s.Tail, 100) {
			tail[c] = 1
			rare++
		}
	}
	if rare > 0 && rare < len(counts) {
		return tail, nil
	}
	if s.Tail > 0 {
		return nil, fmt.Errorf("SAMSettings.Tail %d makes %d of %d classes the tail: there must be some, and others", s.Tail, rare, len(counts))
	}
	clear(tail)
	order := make([]int, len(counts))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	for _, c := range order[(len(counts)+1)/2:] {
		tail[c] = 1
	}
	return tail, nil
}

// steep changes the terms of a classifier.
func (m Method) steep(name string, images int, s SAMSettings, change func([]hybrid.Term, Setup, float64) ([]hybrid.Term, error)) Method {
	streams := m.Streams
	m.Name, m.Images = name, images
	m.Streams = func(n *hybrid.Network, setup Setup) (hybrid.Streams, error) {
		if !(s.Rho >= 0) || math.IsInf(s.Rho, 1) || s.Tail < 0 {
			return nil, fmt.Errorf("SAMSettings of Rho %v and Tail %d: neither may be negative, and Rho must be finite", s.Rho, s.Tail)
		}
		all, err := streams(n, setup)
		if err == nil {
			all[0].Terms, err = change(all[0].Terms, setup, cmp.Or(s.Rho, 0.05))
		}
		return all, err
	}
	return m
}
