package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// ChannelSums sets sum[j] = Σ x[·, j] and sumsq[j] = Σ x[·, j]² over the rows of x [rows, c].
func ChannelSums(x []float32, rows, c int, sum, sumsq []float64) {
	total := make([]float64, 2*c)
	sumRows(rows, c, func(lo, hi int, total []float64) {
		s, q := total[:c], total[c:]
		if channelSumsVec(x[lo*c:], hi-lo, c, s, q) {
			return
		}
		q = q[:len(s)]
		for r := lo; r < hi; r++ {
			for j, v := range x[r*c:][:len(s)] {
				d := float64(v)
				s[j] += d
				q[j] += d * d
			}
		}
	}, total)
	copy(sum[:c], total[:c])
	copy(sumsq[:c], total[c:])
}

// ScaleShift sets y = act(x·scale + shift + shortcut) for rows of c channels, with scale and shift [c]. act is
// max(·, 0) with relu and the identity without; a nil shortcut stands for zeros. y may alias x or shortcut.
func ScaleShift(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) {
	parallel.Range(rows, rowChunk(c), func(lo, hi int) {
		if scaleShiftVec(y[lo*c:], x[lo*c:], scale, shift, from(shortcut, lo*c), hi-lo, c, relu) {
			return
		}
		scale, shift := scale[:c], shift[:c]
		for r := lo; r < hi; r++ {
			x, y := x[r*c:][:len(scale)], y[r*c:][:len(scale)]
			shift := shift[:len(scale)]
			switch {
			case shortcut == nil && relu:
				for j, a := range scale {
					y[j] = max(x[j]*a+shift[j], 0)
				}
			case shortcut == nil:
				for j, a := range scale {
					y[j] = x[j]*a + shift[j]
				}
			case relu:
				add := shortcut[r*c:][:len(scale)]
				for j, a := range scale {
					y[j] = max(x[j]*a+shift[j]+add[j], 0)
				}
			default:
				add := shortcut[r*c:][:len(scale)]
				for j, a := range scale {
					y[j] = x[j]*a + shift[j] + add[j]
				}
			}
		}
	})
}

// BatchNormGradSums sets sumG[j] = Σ g and sumGX[j] = Σ g·(x−mean) over the rows of g and x [rows, c], with mean [c].
// With y not nil, the result of a ReLU, it first sets g to 0, in place, where y is not positive.
func BatchNormGradSums(g, y, x, mean []float32, rows, c int, sumG, sumGX []float64) {
	total := make([]float64, 2*c)
	sumRows(rows, c, func(lo, hi int, total []float64) {
		s, q, mean := total[:c], total[c:], mean[:c]
		if batchNormGradSumsVec(g[lo*c:], from(y, lo*c), x[lo*c:], mean, hi-lo, c, s, q) {
			return
		}
		q, mean = q[:len(s)], mean[:len(s)]
		for r := lo; r < hi; r++ {
			g, x := g[r*c:][:len(s)], x[r*c:][:len(s)]
			if y != nil {
				for j, v := range y[r*c:][:len(s)] {
					g[j] = ifPositive(v, g[j])
				}
			}
			for j, v := range g {
				d := float64(v)
				s[j] += d
				q[j] += d * float64(x[j]-mean[j])
			}
		}
	}, total)
	copy(sumG[:c], total[:c])
	copy(sumGX[:c], total[c:])
}

// BatchNormGradInput sets dx = k1·g + k2·(x−mean) + k3 for rows of c channels; mean and the k are [c]. dx may alias x or
// g.
func BatchNormGradInput(dx, g, x, mean, k1, k2, k3 []float32, rows, c int) {
	parallel.Range(rows, rowChunk(c), func(lo, hi int) {
		if batchNormGradInputVec(dx[lo*c:], g[lo*c:], x[lo*c:], mean, k1, k2, k3, hi-lo, c) {
			return
		}
		mean := mean[:c]
		k1, k2, k3 := k1[:len(mean)], k2[:len(mean)], k3[:len(mean)]
		for r := lo; r < hi; r++ {
			dx, g, x := dx[r*c:][:len(mean)], g[r*c:][:len(mean)], x[r*c:][:len(mean)]
			for j, m := range mean {
				dx[j] = k1[j]*g[j] + k2[j]*(x[j]-m) + k3[j]
			}
		}
	})
}

// from is x[i:], and nil for nil.
func from(x []float32, i int) []float32 {
	if x == nil {
		return nil
	}
	return x[i:]
}
