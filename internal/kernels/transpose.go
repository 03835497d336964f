package kernels

const transposeTile = 8

// transpose writes the transpose of a rows×cols matrix; both are stored with leading dimensions. It goes by tiles, so
// that each cache line of either matrix is used whole while it is near.
func transpose(y []float32, ldy int, x []float32, ldx, rows, cols int) {
	for i0 := 0; i0 < rows; i0 += transposeTile {
		i1 := min(rows, i0+transposeTile)
		done := 0
		if i1-i0 == transposeTile {
			done = transposeEight(y[i0:], ldy, x[i0*ldx:], ldx, cols)
		}
		for j := done; j < cols; j++ {
			out := y[j*ldy+i0:][:i1-i0]
			from := x[i0*ldx+j:]
			for i := range out {
				out[i] = from[i*ldx]
			}
		}
	}
}

// transposeEight transposes as many columns of eight rows as it can, and returns their number.
func transposeEight(y []float32, ldy int, x []float32, ldx, cols int) int {
	n := cols &^ 7
	if n == 0 {
		return 0
	}
	_, _ = y[(n-1)*ldy+7], x[7*ldx+n-1]
	if !transposeVec(&y[0], ldy, &x[0], ldx, n) {
		return 0
	}
	return n
}
