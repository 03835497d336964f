package kernels

import (
	"math"

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
	partial := make([]float64, (len(x)+chunkSize-1)/chunkSize)
	parallel.Range(len(x), chunkSize, func(lo, hi int) {
		partial[lo/chunkSize] = dotWide(x[lo:hi], x[lo:hi])
	})
	var sum float64
	for _, v := range partial {
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

// sumRows sets total to the sum over [0, rows) of what add adds to sums, which starts at zero, for a range of rows. The
// ranges are fixed by rows and cols, and there are at most 64 of them.
func sumRows(rows, cols int, add func(lo, hi int, sums []float64), total []float64) {
	n := len(total)
	size := max(rowChunk(cols), (rows+63)/64)
	chunks := (rows + size - 1) / size
	partial := make([]float64, chunks*n)
	parallel.For(chunks, func(i int) {
		add(i*size, min(rows, (i+1)*size), partial[i*n:(i+1)*n])
	})
	clear(total)
	for i := range chunks {
		for j, v := range partial[i*n : (i+1)*n] {
			total[j] += v
		}
	}
}
