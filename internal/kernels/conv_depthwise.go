package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// Depthwise convolutions have one output for each channel, which sees that channel alone. Channels are adjacent in memory:
// a tap of the kernel is a multiply-add of vectors, over all pixels of a row if there is no stride.

// depthwise says whether a convolution in groups is one.
func (s Conv) depthwise(groups int) bool { return s.C == groups && s.O == groups }

func (s Conv) depthwiseForward(x, w, bias, y []float32) {
	outH, outW, zeros := s.OutH(), s.OutW(), make([]float32, s.C)
	parallel.For(s.N*outH, func(line int) {
		image, out := x[line/outH*s.H*s.W*s.C:], y[line*outW*s.C:][:outW*s.C]
		clear(out)
		for p := 0; bias != nil && p < len(out); p += s.C {
			copy(out[p:p+s.C], bias)
		}
		s.eachRowTap(line%outH*s.Stride-s.Pad, func(iy, tap, from, lo, n int) {
			multiplyAdd(out[lo*s.C:], s.C, image[(iy*s.W+from)*s.C:], s.Stride*s.C, w[tap*s.C:][:s.C], zeros, n)
		})
	})
}

// eachRowTap visits the taps of a row of outputs whose windows begin at the row top of the image: the row of the image, the
// tap, the pixel of that row that the output lo reads by it, and the number of outputs from lo on that read a pixel.
func (s Conv) eachRowTap(top int, visit func(iy, tap, from, lo, n int)) {
	for ky := range s.KH {
		iy := top + ky
		if iy < 0 || iy >= s.H {
			continue
		}
		for kx := range s.KW {
			if from, lo, n := s.tapColumns(kx); n > 0 {
				visit(iy, ky*s.KW+kx, from, lo, n)
			}
		}
	}
}

// tapColumns returns the columns that see a pixel by the tap kx: n of them from lo on, the first one the pixel from.
func (s Conv) tapColumns(kx int) (from, lo, n int) {
	if lo = 0; kx < s.Pad {
		lo = (s.Pad - kx + s.Stride - 1) / s.Stride
	}
	from = lo*s.Stride + kx - s.Pad
	if from >= s.W {
		return 0, 0, 0
	}
	return from, lo, min(s.OutW()-lo, (s.W-1-from)/s.Stride+1)
}

func (s Conv) depthwiseInputGrad(dy, w, dx []float32, add bool) {
	outH, outW, zeros := s.OutH(), s.OutW(), make([]float32, s.C)
	parallel.For(s.N*s.H, func(line int) {
		i, iy := line/s.H, line%s.H
		in := dx[line*s.W*s.C:][:s.W*s.C]
		if !add {
			clear(in)
		}
		for ky := range s.KH {
			oy := iy + s.Pad - ky
			if oy < 0 || oy%s.Stride != 0 || oy/s.Stride >= outH {
				continue
			}
			g := dy[(i*outH+oy/s.Stride)*outW*s.C:]
			for kx := range s.KW {
				if from, lo, n := s.tapColumns(kx); n > 0 {
					multiplyAdd(in[from*s.C:], s.Stride*s.C, g[lo*s.C:], s.C, w[(ky*s.KW+kx)*s.C:][:s.C], zeros, n)
				}
			}
		}
	})
}

// depthwiseWeightGrad adds in float64, over fixed ranges of rows.
func (s Conv) depthwiseWeightGrad(x, dy, dw []float32) {
	outH, outW, weights, zeros := s.OutH(), s.OutW(), s.KH*s.KW*s.C, make([]float32, s.C)
	lines := s.N * outH
	chunk := max(1, (lines+maxSums-1)/maxSums)
	spare, total := make([]float64, weights), make([]float64, weights)
	sumChunks((lines+chunk-1)/chunk, weights, func(i int, sums []float64) {
		for line := i * chunk; line < min(lines, (i+1)*chunk); line++ {
			image, g := x[line/outH*s.H*s.W*s.C:], dy[line*outW*s.C:]
			s.eachRowTap(line%outH*s.Stride-s.Pad, func(iy, tap, from, lo, n int) {
				at := tap * s.C
				addProducts(sums[at:at+s.C], sums[weights+at:][:s.C], g[lo*s.C:], image[(iy*s.W+from)*s.C:], s.Stride*s.C, zeros, n)
			})
		}
	}, spare, total)
	for i, v := range total {
		dw[i] += float32(v)
	}
}

// multiplyAdd adds w·x to y for n pixels that lie stepY and stepX apart. zeros has as many values as w.
func multiplyAdd(y []float32, stepY int, x []float32, stepX int, w, zeros []float32, n int) {
	if c := len(w); stepY == c && stepX == c {
		scaleShift(y, x, w, zeros, y, n, c, false)
		return
	}
	for p := range n {
		to := y[p*stepY:]
		scaleShift(to, x[p*stepX:], w, zeros, to, 1, len(w), false)
	}
}

// addProducts adds to sumG and sumGX the sums of g and of g·x over n pixels, of which those of x lie step apart.
func addProducts(sumG, sumGX []float64, g, x []float32, step int, zeros []float32, n int) {
	c := len(sumG)
	rows := 1
	if step == c {
		rows = n
	}
	for p := 0; p < n; p += rows {
		addGradSums(g[p*c:], nil, x[p*step:], zeros, nil, nil, rows, c, sumG, sumGX)
	}
}
