package dataset

import (
	"fmt"
	"slices"
)

type subset struct {
	Dataset
	indices []int
}

// Subset returns the images of d at the given indices, in that order; an index may repeat. It reads through to d and
// keeps a copy of indices. An index out of range is an error.
func Subset(d Dataset, indices []int) (Dataset, error) {
	for at, i := range indices {
		if i < 0 || i >= d.Len() {
			return nil, fmt.Errorf("dataset: indices[%d] of a subset is %d: with %d images it must be at least 0 and less "+
				"than %d", at, i, d.Len(), d.Len())
		}
	}
	return &subset{d, slices.Clone(indices)}, nil
}

func (s *subset) Len() int { return len(s.indices) }

func (s *subset) Fit() Fit { return FitOf(s.Dataset) }

func (s *subset) Normalization() (mean, std []float64) { return NormalizationOf(s.Dataset) }

func (s *subset) Width() int { return WidthOf(s.Dataset) }

func (s *subset) Vector(i int, dst []float32) error {
	if s.Width() == 0 {
		return fmt.Errorf("dataset: the samples are images, not features: read them with Image")
	}
	if err := checkIndex(i, len(s.indices)); err != nil {
		return err
	}
	return s.Dataset.(Features).Vector(s.indices[i], dst)
}

func (s *subset) name(i int) string { return NameOf(s.Dataset, s.indices[i]) }

func (s *subset) path(i int) string { return PathOf(s.Dataset, s.indices[i]) }

func (s *subset) Label(i int) int { return s.Dataset.Label(s.indices[i]) }

func (s *subset) Image(i int, dst *Image) error {
	if err := checkIndex(i, len(s.indices)); err != nil {
		return err
	}
	return s.Dataset.Image(s.indices[i], dst)
}
