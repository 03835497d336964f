//go:build !noasm

package kernels

// These do all of a row, or return false.

// dotWideVec returns Σ x·y, added in float64, and whether it has been computed.
func dotWideVec(x, y []float32) (float64, bool) {
	if current == generic || len(x) == 0 {
		return 0, false
	}
	y = y[:len(x)]
	if current == avx512 {
		return dotWideAVX512(&x[0], &y[0], len(x)), true
	}
	return dotWideAVX2(&x[0], &y[0], len(x)), true
}

func scaleWideVec(y, x []float32, scale float64) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	y = y[:len(x)]
	if current == avx512 {
		scaleWideAVX512(&y[0], &x[0], len(x), scale)
	} else {
		scaleWideAVX2(&y[0], &x[0], len(x), scale)
	}
	return true
}

func addTangentVec(dx, dy, y []float32, dot, scale float64) bool {
	if current == generic || len(y) == 0 {
		return false
	}
	dx, dy = dx[:len(y)], dy[:len(y)]
	if current == avx512 {
		addTangentAVX512(&dx[0], &dy[0], &y[0], len(y), dot, scale)
	} else {
		addTangentAVX2(&dx[0], &dy[0], &y[0], len(y), dot, scale)
	}
	return true
}

func maxTapVec(best []float32, arg []int32, x []float32, pixel int32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	best, arg = best[:len(x)], arg[:len(x)]
	if current == avx512 {
		maxTapAVX512(&best[0], &arg[0], &x[0], len(x), pixel)
	} else {
		maxTapAVX2(&best[0], &arg[0], &x[0], len(x), pixel)
	}
	return true
}

// addWideVec wants room in sum for a multiple of 16 values.
func addWideVec(sum []float64, x []float32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	sum = sum[:(len(x)+15)&^15]
	if current == avx512 {
		addWideAVX512(&sum[0], &x[0], len(x))
	} else {
		addWideAVX2(&sum[0], &x[0], len(x))
	}
	return true
}

func sigmoidVec(y, x []float32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	y = y[:len(x)]
	if current == avx512 {
		sigmoidAVX512(&y[0], &x[0], len(x))
	} else {
		sigmoidAVX2(&y[0], &x[0], len(x))
	}
	return true
}

func tanhVec(y, x []float32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	y = y[:len(x)]
	if current == avx512 {
		tanhAVX512(&y[0], &x[0], len(x))
	} else {
		tanhAVX2(&y[0], &x[0], len(x))
	}
	return true
}
