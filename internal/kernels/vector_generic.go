//go:build !amd64 || noasm

package kernels

// Without assembly nothing is done here: the callers do it in Go.

func addScaledVec(dst []float32, alpha float32, x []float32) int { return 0 }

func scaleVec(x []float32, alpha float32) int { return 0 }

func subTwoVec(y, x []float32, hi, lo float32) int { return 0 }

func reluVec(y, x []float32) int { return 0 }

func reluGradVec(dx, dy, y []float32) int { return 0 }

func transposeVec(y []float32, ldy int, x []float32, ldx, rows, cols int) int { return 0 }

func dotVec(x, y []float32) (float32, bool) { return 0, false }

func dotRowsVec(sums *[rowGroup]float32, a []float32, lda int, x []float32) bool { return false }

func addRowsVec(dst, a []float32, lda int, x *[rowGroup]float32) bool { return false }

func channelSumsVec(x []float32, rows, c int, sum, sumsq []float64) bool { return false }

func scaleShiftVec(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) bool { return false }

func batchNormGradSumsVec(g, y, x, mean, scale, shift []float32, rows, c int, sumG, sumGX []float64) bool {
	return false
}

func batchNormGradInputVec(dx, g, x, mean, k1, k2, k3, scale, shift []float32, rows, c int) bool {
	return false
}

func maximumVec(x []float32) (float32, bool) { return 0, false }

func expSumVec(y, x []float32, top float32) (float64, bool) { return 0, false }
