package embedding

import (
	"context"
	"fmt"
	"math"

	ours "github.com/longtail-ml/longtail/blas"
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
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
	return &Index{s, unitRows(s.Vectors)}, nil
}

func unitRows(x *tensor.Tensor) *tensor.Tensor {
	y, dim := x.Clone(), x.Dim(1)
	for r := range y.Dim(0) {
		row, sum := y.Rows(r, r+1).Data()[:dim], 0.0
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		if sum > 0 {
			for i, v := range row {
				row[i] = float32(float64(v) / math.Sqrt(sum))
			}
		}
	}
	return y
}

// chunk is how many cosines are held at once.
const chunk = 1 << 22

// cosines gives those of rows of queries with rows from ≤ j < to of the set to do, [rows, to−from], some rows of queries at a time.
func (x *Index) cosines(ctx context.Context, queries *tensor.Tensor, from func(row int) int, do func(row, from int, cosines []float32)) error {
	n, dim := x.Len(), x.Dim()
	step := max(1, chunk/max(1, n))
	c := make([]float32, min(step, queries.Dim(0))*n)
	for row := 0; row < queries.Dim(0); row += step {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rows, first := min(step, queries.Dim(0)-row), from(row)
		width := n - first
		if width <= 0 {
			continue
		}
		ours.Implementation{}.Sgemm(blas.NoTrans, blas.Trans, rows, width, dim, 1, queries.Rows(row, row+rows).Data(), dim, x.unit.Rows(first, n).Data(), dim,
			0, c, width)
		for i := range rows {
			do(row+i, first, c[i*width:(i+1)*width])
		}
	}
	return nil
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
	all := make([][]Neighbor, queries.Dim(0))
	err := x.cosines(ctx, unitRows(queries), func(int) int { return 0 }, func(row, _ int, cosines []float32) {
		all[row] = largest(cosines, min(k, x.Len()))
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// largest returns the k largest in falling order.
func largest(cosines []float32, k int) []Neighbor {
	near := make([]Neighbor, 0, k)
	for row, c := range cosines {
		if len(near) == k {
			if k == 0 || !(c > near[k-1].Cosine) {
				continue
			}
			near = near[:k-1]
		}
		at := len(near)
		near = append(near, Neighbor{})
		for ; at > 0 && near[at-1].Cosine < c; at-- {
			near[at] = near[at-1]
		}
		near[at] = Neighbor{row, c}
	}
	return near
}
