package kernels

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
