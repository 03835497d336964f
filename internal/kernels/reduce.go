package kernels

import (
	"math"
	"sync"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// FirstNonFinite returns the index of the first element of x that is NaN or infinite, or −1 when there is none.
func FirstNonFinite(x []float32) int {
	first := make([]int, (len(x)+chunkSize-1)/chunkSize)
	parallel.Range(len(x), chunkSize, func(lo, hi int) {
		first[lo/chunkSize] = -1
		for i, v := range x[lo:hi] {
			if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
				first[lo/chunkSize] = lo + i
				return
			}
		}
	})
	for _, i := range first {
		if i >= 0 {
			return i
		}
	}
	return -1
}

// SumSquares returns Σ x², added in float64.
func SumSquares(x []float32) float64 {
	if len(x) <= chunkSize {
		return dotWide(x, x)
	}
	partial := getSums((len(x) + chunkSize - 1) / chunkSize)
	defer sumsPool.Put(partial)
	parallel.Range(len(x), chunkSize, func(lo, hi int) {
		(*partial)[lo/chunkSize] = dotWide(x[lo:hi], x[lo:hi])
	})
	var sum float64
	for _, v := range *partial {
		sum += v
	}
	return sum
}

// AddRowVector adds v [cols] to every row of y [rows, cols].
func AddRowVector(y, v []float32, rows, cols int) {
	parallel.Range(rows, rowChunk(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			addTo(y[r*cols:(r+1)*cols], v[:cols])
		}
	})
}

// ColumnSums adds the sum of the rows of x [rows, cols] to dst [cols]. The sums are made in float64.
func ColumnSums(dst, x []float32, rows, cols int) {
	sums, squares := make([]float64, cols), make([]float64, cols)
	ChannelSums(x, rows, cols, sums, squares)
	for j, v := range sums {
		dst[j] += float32(v)
	}
}

// rowChunk is the number of rows of cols elements that make a chunk.
func rowChunk(cols int) int { return max(1, chunkSize/max(1, cols)) }

// sumRows sets the two halves of a total to the sum over [0, rows) of what add adds to sums, which starts at zero, for a
// range of rows. The ranges are fixed by rows and cols, and there are at most maxSums of them.
func sumRows(rows, cols int, add func(lo, hi int, sums []float64), first, second []float64) {
	size := max(rowChunk(cols), (rows+maxSums-1)/maxSums)
	sumChunks((rows+size-1)/size, len(first), func(i int, sums []float64) {
		add(i*size, min(rows, (i+1)*size), sums)
	}, first, second)
}

const maxSums = 64 // partial sums over a batch

// sumChunks sets first and second, n values each, to the two halves of the sum of what add adds to sums, which starts at
// zero, for each of chunks.
func sumChunks(chunks, n int, add func(i int, sums []float64), first, second []float64) {
	partial := getSums(2 * n * chunks)
	defer sumsPool.Put(partial)
	parallel.For(chunks, func(i int) { add(i, (*partial)[2*n*i:2*n*(i+1)]) })
	clear(first)
	clear(second)
	for i := range chunks {
		sums := (*partial)[2*n*i:]
		for j := range first {
			first[j] += sums[j]
			second[j] += sums[n+j]
		}
	}
}

var sumsPool = sync.Pool{New: func() any { return new([]float64) }}

// getSums returns n zeros, to be put back to sumsPool.
func getSums(n int) *[]float64 {
	s := sumsPool.Get().(*[]float64)
	if cap(*s) < n {
		*s = make([]float64, n)
	}
	*s = (*s)[:n]
	clear(*s)
	return s
}
