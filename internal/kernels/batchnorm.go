package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// ChannelSums sets sum[j] = Σ x[·, j] and sumsq[j] = Σ x[·, j]² over the rows of x [rows, c].
func ChannelSums(x []float32, rows, c int, sum, sumsq []float64) {
	sumRows(rows, c, func(lo, hi int, total []float64) { addChannelSums(x[lo*c:], hi-lo, c, total) }, sum[:c], sumsq[:c])
}

// addChannelSums adds to total, sums and then sums of squares.
func addChannelSums(x []float32, rows, c int, total []float64) {
	s, q := total[:c], total[c:]
	if channelSumsBlocks(x, rows, c, s, q) {
		return
	}
	q = q[:len(s)]
	for r := range rows {
		for j, v := range x[r*c:][:len(s)] {
			d := float64(v)
			s[j] += d
			q[j] += d * d
		}
	}
}

// ScaleShift sets y = act(x·scale + shift + shortcut) for rows of c channels, with scale and shift [c]. act is
// max(·, 0) with relu and the identity without; a nil shortcut stands for zeros. y may alias x or shortcut.
func ScaleShift(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) {
	parallel.Range(rows, rowChunk(c), func(lo, hi int) {
		scaleShift(y[lo*c:], x[lo*c:], scale, shift, from(shortcut, lo*c), hi-lo, c, relu)
	})
}

func scaleShift(y, x, scale, shift, shortcut []float32, rows, c int, relu bool) {
	if scaleShiftBlocks(y, x, scale, shift, shortcut, rows, c, relu) {
		return
	}
	scale, shift = scale[:c], shift[:c]
	for r := range rows {
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
}

// BatchNormGradSums sets sumG[j] = Σ g and sumGX[j] = Σ g·(x−mean) over the rows of g and x [rows, c], with mean [c].
// With y not nil, the result of a ReLU, it first sets g to 0, in place, where y is not positive. With scale and shift [c]
// not nil, g counts as 0 where x·scale + shift is not positive, which is the same without reading y or writing g.
func BatchNormGradSums(g, y, x, mean, scale, shift []float32, rows, c int, sumG, sumGX []float64) {
	sumRows(rows, c, func(lo, hi int, total []float64) {
		addGradSums(g[lo*c:], from(y, lo*c), x[lo*c:], mean[:c], scale, shift, hi-lo, c, total[:c], total[c:])
	}, sumG[:c], sumGX[:c])
}

// addGradSums adds what BatchNormGradSums sets.
func addGradSums(g, y, x, mean, scale, shift []float32, rows, c int, s, q []float64) {
	if batchNormGradSumsBlocks(g, y, x, mean, scale, shift, rows, c, s, q) {
		return
	}
	q, mean = q[:len(s)], mean[:len(s)]
	for r := range rows {
		g, x := g[r*c:][:len(s)], x[r*c:][:len(s)]
		if y != nil {
			for j, v := range y[r*c:][:len(s)] {
				g[j] = ifPositive(v, g[j])
			}
		}
		for j, v := range g {
			if scale != nil {
				v = ifPositive(x[j]*scale[j]+shift[j], v)
			}
			d := float64(v)
			s[j] += d
			q[j] += d * float64(x[j]-mean[j])
		}
	}
}

// Norm is a batch norm, and perhaps a ReLU, as its backward pass needs it; the vectors are [channels]. With the gradient g
// of its result, that of its input x is K1·g + K2·(x−Mean) + K3. Unless Scale and Shift are nil, g counts as 0 where
// x·Scale + Shift is not positive.
type Norm struct{ Mean, K1, K2, K3, Scale, Shift []float32 }

// GradInput sets dx, which may alias x or g, for rows of c channels.
func (n Norm) GradInput(dx, g, x []float32, rows, c int) {
	parallel.Range(rows, rowChunk(c), func(lo, hi int) { n.gradInput(dx[lo*c:], g[lo*c:], x[lo*c:], hi-lo, c) })
}

func (n Norm) gradInput(dx, g, x []float32, rows, c int) {
	if batchNormGradInputBlocks(dx, g, x, n, rows, c) {
		return
	}
	mean := n.Mean[:c]
	k1, k2, k3 := n.K1[:len(mean)], n.K2[:len(mean)], n.K3[:len(mean)]
	for r := range rows {
		dx, g, x := dx[r*c:][:len(mean)], g[r*c:][:len(mean)], x[r*c:][:len(mean)]
		for j, m := range mean {
			v := g[j]
			if n.Scale != nil {
				v = ifPositive(x[j]*n.Scale[j]+n.Shift[j], v)
			}
			dx[j] = k1[j]*v + k2[j]*(x[j]-m) + k3[j]
		}
	}
}

// from is x[i:], and nil for nil.
func from(x []float32, i int) []float32 {
	if x == nil {
		return nil
	}
	return x[i:]
}
