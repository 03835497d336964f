package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// Transpose2D sets y, cols×rows, to the transpose of x, rows×cols.
func Transpose2D(y, x []float32, rows, cols int) {
	if rows == 0 || cols == 0 {
		return
	}
	parallel.Range(cols, max(transposeTile, chunkSize/rows), func(lo, hi int) {
		transpose(y[lo*rows:], rows, x[lo:], cols, rows, hi-lo)
	})
}

const transposeTile = 8

// transpose writes the transpose of a rows×cols matrix; both are stored with leading dimensions. It goes by tiles, so
// that each cache line of either matrix is used whole while it is near.
func transpose(y []float32, ldy int, x []float32, ldx, rows, cols int) {
	for i0 := 0; i0 < rows; i0 += transposeTile {
		i1 := min(rows, i0+transposeTile)
		for j := transposeVec(y[i0:], ldy, x[i0*ldx:], ldx, i1-i0, cols); j < cols; j++ {
			out := y[j*ldy+i0:][:i1-i0]
			from := x[i0*ldx+j:]
			for i := range out {
				out[i] = from[i*ldx]
			}
		}
	}
}
