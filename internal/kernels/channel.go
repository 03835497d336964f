package kernels

import "math"

// These functions do a whole matrix, block of columns by block of columns, or return false.

// maxBlock is the largest number of columns of a block.
const maxBlock = 64

// columnBlock is the number of columns to do at a time, of c left.
func columnBlock(c int) int {
	for _, n := range current.blocks {
		if c >= n {
			return n
		}
	}
	return c
}

// channelSumsBlocks adds to sum and sumsq.
func channelSumsBlocks(x []float32, rows, c int, sum, sumsq []float64) bool {
	if rows*c == 0 {
		return false
	}
	x = x[:rows*c]
	var s, q [maxBlock]float64
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if !channelSumsVec(&x[j], rows, c, n, &s[0], &q[0]) {
			return false
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

func scaleShiftBlocks(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) bool {
	if rows*c == 0 {
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
		if !scaleShiftVec(&y[j], &x[j], add, &scale[j], &shift[j], rows, c, n, floor) {
			return false
		}
		j += n
	}
	return true
}

// batchNormGradSumsBlocks adds to sumG and sumGX.
func batchNormGradSumsBlocks(g, y, x, mean, scale, shift []float32, rows, c int, sumG, sumGX []float64) bool {
	if rows*c == 0 {
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
		if !batchNormGradSumsVec(&g[j], &x[j], mask, &mean[j], k, add, rows, c, n, &s[0], &q[0]) {
			return false
		}
		addSums(sumG[j:j+n], s[:])
		addSums(sumGX[j:j+n], q[:])
		j += n
	}
	return true
}

func batchNormGradInputBlocks(dx, g, x []float32, norm Norm, rows, c int) bool {
	if rows*c == 0 {
		return false
	}
	dx, g, x = dx[:rows*c], g[:rows*c], x[:rows*c]
	mean, k1, k2, k3 := norm.Mean[:c], norm.K1[:c], norm.K2[:c], norm.K3[:c]
	var k, add *float32
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if norm.Scale != nil {
			k, add = &norm.Scale[:c][j], &norm.Shift[:c][j]
		}
		if !batchNormGradInputVec(&dx[j], &g[j], &x[j], &mean[j], &k1[j], &k2[j], &k3[j], k, add, rows, c, n) {
			return false
		}
		j += n
	}
	return true
}
