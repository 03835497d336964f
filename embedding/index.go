package embedding

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/internal/nearest"
	"github.com/longtail-ml/longtail/tensor"
)

// Index finds images by their vectors. Many goroutines may use it at once.
type Index struct {
	*Set
	unit *tensor.Tensor
}

// Neighbor is an image of a Set.
type Neighbor struct {
	Row    int
	Cosine float32
}

// NewIndex returns an Index of s, which must not change any more. A vector of zeros has the cosine 0 with all.
func NewIndex(s *Set) (*Index, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	return &Index{s, nearest.Unit(s.Vectors)}, nil
}

// Nearest returns the k images of the largest cosine with each query [R, D], the nearest first; of equal ones the lower row comes
// first. There are fewer if the set has.
func (x *Index) Nearest(ctx context.Context, queries *tensor.Tensor, k int) ([][]Neighbor, error) {
	if k < 1 {
		return nil, fmt.Errorf("embedding: %d nearest images: it must be at least 1", k)
	}
	if s := queries.Shape(); len(s) != 2 || s[1] != x.Dim() {
		return nil, fmt.Errorf("embedding: queries of shape %v for vectors of %d values: they must be [R, %d]", s, x.Dim(), x.Dim())
	}
	near, err := nearest.Of(ctx, nearest.Unit(queries), x.unit, k, false)
	if err != nil {
		return nil, err
	}
	all := make([][]Neighbor, len(near))
	for i, rows := range near {
		for _, r := range rows {
			all[i] = append(all[i], Neighbor(r))
		}
	}
	return all, nil
}
