package blas

import "math"

const shortA = "blas: insufficient length of a"

// short reports whether a slice is too short for a matrix of rows lda ≥ cols elements apart. It forms no product that could
// overflow.
func short(a []float32, rows, cols, lda int) bool {
	return rows > 0 && (len(a) < cols || rows-1 > (len(a)-cols)/lda)
}

// checkReach panics where vectors of lenX and lenY elements reach further than an int can say, so that no slice holds them:
// gonum's checks overflow there, and its assembly would read anywhere.
func checkReach(lenX, incX, lenY, incY int) {
	if overflows(lenX, incX) {
		panic("blas: insufficient length of x")
	}
	if overflows(lenY, incY) {
		panic("blas: insufficient length of y")
	}
}

func overflows(n, inc int) bool {
	if n < 2 || inc == 0 {
		return false
	}
	most := math.MaxInt / (n - 1)
	return inc > most || inc < -most
}
