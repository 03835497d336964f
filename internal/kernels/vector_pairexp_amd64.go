//go:build !noasm

package kernels

// These do a whole row, or return false.

func maxToVec(top, x []float32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	top = top[:len(x)]
	if current == avx512 {
		maxToAVX512(&top[0], &x[0], len(x))
	} else {
		maxToAVX2(&top[0], &x[0], len(x))
	}
	return true
}

func addExpVec(sum, x, top []float32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	sum, top = sum[:len(x)], top[:len(x)]
	if current == avx512 {
		addExpAVX512(&sum[0], &x[0], &top[0], len(x))
	} else {
		addExpAVX2(&sum[0], &x[0], &top[0], len(x))
	}
	return true
}

func pairExpVec(y, x, top, scale []float32, rowTop, rowScale float32) bool {
	if current == generic || len(x) == 0 {
		return false
	}
	if current == avx512 {
		pairExpAVX512(&y[0], &x[0], &top[0], &scale[0], len(x), rowTop, rowScale)
	} else {
		pairExpAVX2(&y[0], &x[0], &top[0], &scale[0], len(x), rowTop, rowScale)
	}
	return true
}
