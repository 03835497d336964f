//go:build !noasm

package kernels

import "math"

// The element functions do as many whole vectors as there are and return the number of elements done.

// whole is the number of elements, of n, that fill vectors.
func whole(n int) int {
	switch current {
	case avx512:
		return n &^ 15
	case avx2:
		return n &^ 7
	}
	return 0
}

func addScaledVec(dst []float32, alpha float32, x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	if current == avx512 {
		addScaledAVX512(&dst[0], &x[0], alpha, n)
	} else {
		addScaledAVX2(&dst[0], &x[0], alpha, n)
	}
	return n
}

func scaleVec(x []float32, alpha float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	if current == avx512 {
		scaleAVX512(&x[0], alpha, n)
	} else {
		scaleAVX2(&x[0], alpha, n)
	}
	return n
}

func subTwoVec(y, x []float32, hi, lo float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	if current == avx512 {
		subTwoAVX512(&y[0], &x[0], hi, lo, n)
	} else {
		subTwoAVX2(&y[0], &x[0], hi, lo, n)
	}
	return n
}

func reluVec(y, x []float32) int {
	n := whole(len(x))
	if n == 0 {
		return 0
	}
	if current == avx512 {
		reluAVX512(&y[0], &x[0], n)
	} else {
		reluAVX2(&y[0], &x[0], n)
	}
	return n
}

func reluGradVec(dx, dy, y []float32) int {
	n := whole(len(y))
	if n == 0 {
		return 0
	}
	if current == avx512 {
		reluGradAVX512(&dx[0], &dy[0], &y[0], n)
	} else {
		reluGradAVX2(&dx[0], &dy[0], &y[0], n)
	}
	return n
}

// transposeVec does eight rows at a time; of any other number it does none.
func transposeVec(y []float32, ldy int, x []float32, ldx, rows, cols int) int {
	n := cols &^ 7
	if current == generic || rows != 8 || n == 0 {
		return 0
	}
	_, _ = y[(n-1)*ldy+7], x[7*ldx+n-1]
	transposeAVX2(&y[0], ldy, &x[0], ldx, n)
	return n
}

// The functions of products with a vector do all of it, or return false.

func dotVec(x, y []float32) (float32, bool) {
	n := len(x)
	if current == generic || n == 0 {
		return 0, false
	}
	_ = y[n-1]
	if current == avx512 {
		return dotAVX512(&x[0], &y[0], n), true
	}
	return dotAVX2(&x[0], &y[0], n), true
}

func dotRowsVec(sums *[rowGroup]float32, a []float32, lda int, x []float32) bool {
	n := len(x)
	if current == generic || n == 0 {
		return false
	}
	_ = a[(rowGroup-1)*lda+n-1]
	if current == avx512 {
		dotRowsAVX512(&sums[0], &a[0], lda, &x[0], n)
	} else {
		dotRowsAVX2(&sums[0], &a[0], lda, &x[0], n)
	}
	return true
}

func addRowsVec(dst, a []float32, lda int, x *[rowGroup]float32) bool {
	n := len(dst)
	if current == generic || n == 0 {
		return false
	}
	_ = a[(rowGroup-1)*lda+n-1]
	if current == avx512 {
		addRowsAVX512(&dst[0], &a[0], lda, &x[0], n)
	} else {
		addRowsAVX2(&dst[0], &a[0], lda, &x[0], n)
	}
	return true
}

// The channel functions do a whole matrix, or return false.

// maxBlock is the largest number of columns that a channel function does at a time.
const maxBlock = 64

// columnBlock is the number of columns to do at a time, of c left.
func columnBlock(c int) int {
	widths := [...]int{64, 32, 16}
	blocks := widths[:]
	if current == avx2 {
		blocks = []int{16, 8}
	}
	for _, n := range blocks {
		if c >= n {
			return n
		}
	}
	return c
}

// channelSumsVec adds to sum and sumsq.
func channelSumsVec(x []float32, rows, c int, sum, sumsq []float64) bool {
	if current == generic || rows*c == 0 {
		return false
	}
	x = x[:rows*c]
	var s, q [maxBlock]float64
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if current == avx512 {
			channelSumsAVX512(&x[j], rows, c, n, &s[0], &q[0])
		} else {
			channelSumsAVX2(&x[j], rows, c, n, &s[0], &q[0])
		}
		addSums(sum[j:j+n], s[:])
		addSums(sumsq[j:j+n], q[:])
		j += n
	}
	return true
}

func addSums(dst, x []float64) {
	for i := range dst {
		dst[i] += x[i]
	}
}

func scaleShiftVec(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) bool {
	if current == generic || rows*c == 0 {
		return false
	}
	y, x, scale, shift = y[:rows*c], x[:rows*c], scale[:c], shift[:c]
	floor := float32(math.Inf(-1))
	if relu {
		floor = 0
	}
	var add *float32
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if shortcut != nil {
			add = &shortcut[:rows*c][j]
		}
		if current == avx512 {
			scaleShiftAVX512(&y[j], &x[j], add, &scale[j], &shift[j], rows, c, n, floor)
		} else {
			scaleShiftAVX2(&y[j], &x[j], add, &scale[j], &shift[j], rows, c, n, floor)
		}
		j += n
	}
	return true
}

// batchNormGradSumsVec adds to sumG and sumGX.
func batchNormGradSumsVec(g, y, x, mean, scale, shift []float32, rows, c int, sumG, sumGX []float64) bool {
	if current == generic || rows*c == 0 {
		return false
	}
	g, x, mean = g[:rows*c], x[:rows*c], mean[:c]
	var mask, k, add *float32
	var s, q [maxBlock]float64
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if y != nil {
			mask = &y[:rows*c][j]
		}
		if scale != nil {
			k, add = &scale[:c][j], &shift[:c][j]
		}
		if current == avx512 {
			batchNormGradSumsAVX512(&g[j], &x[j], mask, &mean[j], k, add, rows, c, n, &s[0], &q[0])
		} else {
			batchNormGradSumsAVX2(&g[j], &x[j], mask, &mean[j], k, add, rows, c, n, &s[0], &q[0])
		}
		addSums(sumG[j:j+n], s[:])
		addSums(sumGX[j:j+n], q[:])
		j += n
	}
	return true
}

func batchNormGradInputVec(dx, g, x, mean, k1, k2, k3, scale, shift []float32, rows, c int) bool {
	if current == generic || rows*c == 0 {
		return false
	}
	dx, g, x = dx[:rows*c], g[:rows*c], x[:rows*c]
	mean, k1, k2, k3 = mean[:c], k1[:c], k2[:c], k3[:c]
	var k, add *float32
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if scale != nil {
			k, add = &scale[:c][j], &shift[:c][j]
		}
		if current == avx512 {
			batchNormGradInputAVX512(&dx[j], &g[j], &x[j], &mean[j], &k1[j], &k2[j], &k3[j], k, add, rows, c, n)
		} else {
			batchNormGradInputAVX2(&dx[j], &g[j], &x[j], &mean[j], &k1[j], &k2[j], &k3[j], k, add, rows, c, n)
		}
		j += n
	}
	return true
}

// maximumVec returns the maximum of x, NaN if there is one, and whether it has been computed.
func maximumVec(x []float32) (float32, bool) {
	switch {
	case current == generic || len(x) == 0:
		return 0, false
	case current == avx512:
		return maximumAVX512(&x[0], len(x)), true
	}
	return maximumAVX2(&x[0], len(x)), true
}

// expSumVec sets y = exp(x − top), unless y is nil, and returns the sum, and whether that has been done. No element of x
// may be greater than top.
func expSumVec(y, x []float32, top float32) (float64, bool) {
	if current == generic || len(x) == 0 {
		return 0, false
	}
	var to *float32
	if y != nil {
		to = &y[:len(x)][0]
	}
	if current == avx512 {
		return expSumAVX512(to, &x[0], len(x), top), true
	}
	return expSumAVX2(to, &x[0], len(x), top), true
}
