// Package nearest finds the rows of a matrix that have the largest cosines with other rows.
package nearest

import (
	"context"
	"math"

	ours "github.com/longtail-ml/longtail/blas"
	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/blas"
)

// Row is a row and its cosine.
type Row struct {
	Row    int
	Cosine float32
}

// Unit returns x [N, D] with rows of length 1; a row of zeros stays.
func Unit(x *tensor.Tensor) *tensor.Tensor {
	y, dim := x.Clone(), x.Dim(1)
	for r := range y.Dim(0) {
		row, sum := y.Data()[r*dim:(r+1)*dim], 0.0
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

// Cosines gives the cosines of each of queries [R, D] with the rows of known [N, D] from first(row) on, in order. Rows of both have length
// 1. The cosines are not to be kept.
func Cosines(ctx context.Context, queries, known *tensor.Tensor, first func(row int) int, do func(row, from int, cosines []float32)) error {
	n, dim := known.Dim(0), known.Dim(1)
	step := max(1, chunk/max(1, n))
	c := make([]float32, min(step, queries.Dim(0))*n)
	for row := 0; row < queries.Dim(0); row += step {
		if err := cause.Err(ctx); err != nil {
			return err
		}
		rows, from := min(step, queries.Dim(0)-row), first(row)
		width := n - from
		if width <= 0 {
			continue
		}
		if dim > 0 { // rows of nothing have the cosine 0
			ours.Implementation{}.Sgemm(blas.NoTrans, blas.Trans, rows, width, dim, 1, queries.Rows(row, row+rows).Data(), dim, known.Rows(from, n).Data(), dim,
				0, c, width)
		}
		for i := range rows {
			do(row+i, from, c[i*width:(i+1)*width])
		}
	}
	return nil
}

// Of returns the k rows of known of the largest cosine with each of queries, as Largest orders them. With others, the queries are known
// itself, and no row is its own neighbor.
func Of(ctx context.Context, queries, known *tensor.Tensor, k int, others bool) ([][]Row, error) {
	all := make([][]Row, queries.Dim(0))
	err := Cosines(ctx, queries, known, func(int) int { return 0 }, func(row, _ int, cosines []float32) {
		skip := -1
		if others {
			skip = row
		}
		all[row] = Largest(make([]Row, 0, min(k, len(cosines))), cosines, skip)
	})
	return all, err
}

// Largest fills top, which is empty and has room for as many as are wanted, with the largest cosines in falling order, but for that of the
// row skip; of equal ones the lower row comes first.
func Largest(top []Row, cosines []float32, skip int) []Row {
	for row, c := range cosines {
		if row == skip || len(top) == cap(top) && (len(top) == 0 || !(c > top[len(top)-1].Cosine)) {
			continue
		}
		if len(top) == cap(top) {
			top = top[:len(top)-1]
		}
		at := len(top)
		top = append(top, Row{})
		for ; at > 0 && top[at-1].Cosine < c; at-- {
			top[at] = top[at-1]
		}
		top[at] = Row{row, c}
	}
	return top
}
