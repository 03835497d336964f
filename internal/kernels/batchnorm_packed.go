package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// Passes of batch norm over arrays that are packed: bfloat16 in pairs, an even number of channels. In Go they unpack a part
// that stays in the first-level cache.

func packedRows(c int) int { return max(1, (1<<12)/max(1, c)) }

// ScaleShiftPacked is ScaleShift of a packed x.
func ScaleShiftPacked(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) {
	parallel.Range(rows, rowChunk(c), func(lo, hi int) {
		scaleShiftPacked(y[lo*c:], x[lo*c/2:], scale, shift, from(shortcut, lo*c), hi-lo, c, relu)
	})
}

func scaleShiftPacked(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) {
	if scaleShiftPackedBlocks(scaleShiftPackedVec, y[:rows*c], x, scale, shift, shortcut, 1, 1, rows, c, relu) {
		return
	}
	fromBFloat16(y[:rows*c], x)
	scaleShift(y, y, scale, shift, shortcut, rows, c, relu)
}

// ScaleShiftAddPacked is ScaleShift of a packed x to a packed y, with a shortcut that is packed or not.
func ScaleShiftAddPacked(y, x, scale, shift, shortcut []float32, packed bool, rows, c int, relu bool) {
	parallel.Range(rows, rowChunk(c), func(lo, hi int) {
		if packed && scaleShiftPackedBlocks(scaleShiftAddPackedVec, y[lo*c/2:], x[lo*c/2:], scale, shift, shortcut[lo*c/2:], 2, 2, hi-lo, c, relu) {
			return
		}
		part, more := getScratch(packedRows(c)*c), getScratch(packedRows(c)*c)
		defer putScratch(part)
		defer putScratch(more)
		for ; lo < hi; lo += packedRows(c) {
			n := min(packedRows(c), hi-lo)
			add := more.data[:n*c]
			if packed {
				fromBFloat16(add, shortcut[lo*c/2:])
			} else {
				add = shortcut[lo*c:]
			}
			scaleShiftPacked(part.data, x[lo*c/2:], scale, shift, add, n, c, relu)
			toBFloat16(y[lo*c/2:], part.data[:n*c])
		}
	})
}

// scaleShiftPackedBlocks runs a kernel over a matrix, block of columns by block of columns, or returns false. y and shortcut hold perY
// and perAdd numbers a value.
func scaleShiftPackedBlocks(vec func(y, x, shortcut, scale, shift *float32, rows, stride, cols int, floor float32) bool,
	y, x, scale, shift, shortcut []float32, perY, perAdd, rows, c int, relu bool) bool {
	if rows*c == 0 {
		return false
	}
	y, x, scale, shift = y[:rows*c/perY], x[:rows*c/2], scale[:c], shift[:c]
	floor := float32(math.Inf(-1))
	if relu {
		floor = 0
	}
	var add *float32
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if shortcut != nil {
			add = &shortcut[:rows*c/perAdd][j/perAdd]
		}
		if !vec(&y[j/perY], &x[j/2], add, &scale[j], &shift[j], rows, c, n, floor) {
			return false
		}
		j += n
	}
	return true
}

// BatchNormGradSumsPacked is BatchNormGradSums of packed x and y.
func BatchNormGradSumsPacked(g, y, x, mean, scale, shift []float32, rows, c int, sumG, sumGX []float64) {
	sumRows(rows, c, func(lo, hi int, total []float64) {
		if gradSumsPackedBlocks(g[lo*c:], from(y, lo*c/2), x[lo*c/2:], mean, scale, shift, hi-lo, c, total[:c], total[c:]) {
			return
		}
		part, more := getScratch(packedRows(c)*c), getScratch(packedRows(c)*c)
		defer putScratch(part)
		defer putScratch(more)
		for ; lo < hi; lo += packedRows(c) {
			n := min(packedRows(c), hi-lo)
			var mask []float32
			if y != nil {
				mask = more.data
				fromBFloat16(mask[:n*c], y[lo*c/2:])
			}
			fromBFloat16(part.data[:n*c], x[lo*c/2:])
			addGradSums(g[lo*c:], mask, part.data, mean[:c], scale, shift, n, c, total[:c], total[c:])
		}
	}, sumG[:c], sumGX[:c])
}

func gradSumsPackedBlocks(g, y, x, mean, scale, shift []float32, rows, c int, sumG, sumGX []float64) bool {
	if rows*c == 0 {
		return false
	}
	g, x, mean = g[:rows*c], x[:rows*c/2], mean[:c]
	var mask, k, add *float32
	var s, q [maxBlock]float64
	for j := 0; j < c; {
		n := columnBlock(c - j)
		if y != nil {
			mask = &y[:rows*c/2][j/2]
		}
		if scale != nil {
			k, add = &scale[:c][j], &shift[:c][j]
		}
		if !batchNormGradSumsPackedVec(&g[j], &x[j/2], mask, &mean[j], k, add, rows, c, n, &s[0], &q[0]) {
			return false
		}
		addSums(sumG[j:j+n], s[:])
		addSums(sumGX[j:j+n], q[:])
		j += n
	}
	return true
}

// gradInputPacked is gradInput of a packed x.
func (n Norm) gradInputPacked(dx, g, x []float32, rows, c int) {
	if n.gradInputPackedBlocks(dx, g, x, rows, c) {
		return
	}
	part := getScratch(packedRows(c) * c)
	defer putScratch(part)
	for lo := 0; lo < rows; lo += packedRows(c) {
		some := min(packedRows(c), rows-lo)
		fromBFloat16(part.data[:some*c], x[lo*c/2:])
		n.gradInput(dx[lo*c:], g[lo*c:], part.data, some, c)
	}
}

func (n Norm) gradInputPackedBlocks(dx, g, x []float32, rows, c int) bool {
	if rows*c == 0 {
		return false
	}
	dx, g, x = dx[:rows*c], g[:rows*c], x[:rows*c/2]
	mean, k1, k2, k3 := n.Mean[:c], n.K1[:c], n.K2[:c], n.K3[:c]
	var k, add *float32
	for j := 0; j < c; {
		some := columnBlock(c - j)
		if n.Scale != nil {
			k, add = &n.Scale[:c][j], &n.Shift[:c][j]
		}
		if !batchNormGradInputPackedVec(&dx[j], &g[j], &x[j/2], &mean[j], &k1[j], &k2[j], &k3[j], k, add, rows, c, some) {
			return false
		}
		j += some
	}
	return true
}
