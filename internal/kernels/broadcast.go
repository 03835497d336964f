package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// Broadcast stretches two arrays a and b to one shape as NumPy does: the shorter shape gets dimensions of 1 in front, and
// a dimension of 1 becomes as long as the other's, the values repeated.
type Broadcast struct {
	dims []int // of the result, with those in front that neither has
	a, b []int // strides; 0 where values repeat
	rank int   // of the result
}

// NewBroadcast returns how the shapes a and b go together, and whether they do.
func NewBroadcast(a, b []int) (s Broadcast, ok bool) {
	s.rank = max(len(a), len(b))
	n := max(s.rank, 1)
	s.dims, s.a, s.b = make([]int, n), make([]int, n), make([]int, n)
	strideA, strideB := 1, 1
	for i := 1; i <= n; i++ {
		da, db := 1, 1
		if i <= len(a) {
			da = a[len(a)-i]
		}
		if i <= len(b) {
			db = b[len(b)-i]
		}
		switch {
		case da == db:
			s.dims[n-i], s.a[n-i], s.b[n-i] = da, strideA, strideB
		case da == 1:
			s.dims[n-i], s.b[n-i] = db, strideB
		case db == 1:
			s.dims[n-i], s.a[n-i] = da, strideA
		default:
			return s, false
		}
		strideA, strideB = strideA*da, strideB*db
	}
	return s, true
}

// Shape is that of the result.
func (s Broadcast) Shape() []int { return s.dims[len(s.dims)-s.rank:] }

// Swap exchanges a and b.
func (s Broadcast) Swap() Broadcast {
	s.a, s.b = s.b, s.a
	return s
}

// Add sets y = a + b.
func (s Broadcast) Add(y, a, b []float32) {
	stepA, stepB := s.a[len(s.a)-1], s.b[len(s.b)-1]
	s.eachRow(func(at, i, j, n int) {
		for x := range y[at : at+n] {
			y[at+x] = a[i+x*stepA] + b[j+x*stepB]
		}
	})
}

// Mul sets y = a·b.
func (s Broadcast) Mul(y, a, b []float32) {
	stepA, stepB := s.a[len(s.a)-1], s.b[len(s.b)-1]
	s.eachRow(func(at, i, j, n int) {
		for x := range y[at : at+n] {
			y[at+x] = a[i+x*stepA] * b[j+x*stepB]
		}
	})
}

// Grad adds to da, for each value of a, the sum of dy·b over what it was repeated for; a nil b stands for ones. Where
// there is more than one, it is made in float64.
func (s Broadcast) Grad(da, dy, b []float32) {
	stepA, stepB := s.a[len(s.a)-1], s.b[len(s.b)-1]
	factor := func(j int) float32 {
		if b == nil {
			return 1
		}
		return b[j]
	}
	if len(da) == len(dy) {
		s.eachRow(func(at, i, j, n int) {
			for x, g := range dy[at : at+n] {
				da[i+x*stepA] += g * factor(j+x*stepB)
			}
		})
		return
	}
	rows, run := s.rows()
	chunks := max(1, min(maxSums, rows, len(dy)/max(1, 8*len(da))))
	size := (rows + chunks - 1) / chunks
	partial := make([]float64, chunks*len(da))
	parallel.For(chunks, func(c int) {
		sums := partial[c*len(da):][:len(da)]
		for r := c * size; r < min(rows, (c+1)*size); r++ {
			i, j := s.row(r)
			for x, g := range dy[r*run : (r+1)*run] {
				sums[i+x*stepA] += float64(g) * float64(factor(j+x*stepB))
			}
		}
	})
	for i := range da {
		sum := 0.0
		for c := range chunks {
			sum += partial[c*len(da)+i]
		}
		da[i] += float32(sum)
	}
}

// rows is the number of rows of the result, and that of the values in one.
func (s Broadcast) rows() (rows, run int) {
	rows = 1
	for _, d := range s.dims[:len(s.dims)-1] {
		rows *= d
	}
	return rows, s.dims[len(s.dims)-1]
}

// row returns where row r of the result begins in a and in b.
func (s Broadcast) row(r int) (i, j int) {
	for d := len(s.dims) - 2; d >= 0; d-- {
		i, j = i+r%s.dims[d]*s.a[d], j+r%s.dims[d]*s.b[d]
		r /= s.dims[d]
	}
	return i, j
}

// eachRow visits the rows in parallel: where each begins in the result, in a and in b, and its values.
func (s Broadcast) eachRow(visit func(at, i, j, n int)) {
	rows, run := s.rows()
	parallel.Range(rows, rowChunk(run), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			i, j := s.row(r)
			visit(r*run, i, j, run)
		}
	})
}
