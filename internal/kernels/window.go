package kernels

// window says which input values each output pixel of a convolution sees. Written out as rows (im2row), one a pixel,
// they make the convolution a matrix product with the weights. Pixels are counted over the whole batch.
type window struct {
	h, w, c, kh, kw, stride, padH, padW int
	outH, outW                          int
	pixels                              int // output pixels in the batch
	size                                int // values a pixel sees: kh·kw·c
}

func (s Conv) window() window {
	return window{
		h: s.H, w: s.W, c: s.C, kh: s.KH, kw: s.KW, stride: s.Stride, padH: s.Pad, padW: s.Pad,
		outH: s.OutH(), outW: s.OutW(), pixels: s.N * s.OutH() * s.OutW(), size: s.KH * s.KW * s.C,
	}
}

// block is the number of pixels to work on at a time: their rows fit the second-level cache, and there are enough of
// them to be worth a pass over the weights.
func (g window) block() int {
	const values, least, most = 1 << 15, 11, 170 // of rows, and in register tiles
	return gemmRows * min(most, max(least, values/max(1, gemmRows*g.size)))
}

// pointwise says that a pixel sees just itself, so that the image is its own matrix of rows.
func (g window) pointwise() bool {
	return g.kh == 1 && g.kw == 1 && g.stride == 1 && g.padH == 0 && g.padW == 0
}

// rows returns the values that the pixels [lo, hi) see and the scratch that holds them, to be put back.
func (g window) rows(x []float32, lo, hi int) ([]float32, *scratch) {
	if g.pointwise() {
		return x[lo*g.c : hi*g.c], getScratch(0)
	}
	s := getScratch((hi - lo) * g.size)
	g.each(lo, hi, func(row, from, n, before, after int) {
		out := s.data[row : row+before+n+after]
		clear(out[:before])
		copy(out[before:before+n], x[from:from+n])
		clear(out[before+n:])
	})
	return s.data, s
}

// addRows adds rows of values back to where window.rows took them from.
func (g window) addRows(x, rows []float32, lo, hi int) {
	g.each(lo, hi, func(row, from, n, before, _ int) {
		values := rows[row+before:][:n]
		addTo(x[from:from+n], values)
	})
}

// each visits the lines of kw pixels that the rows of the pixels [lo, hi) are made of: the line starts at index row of
// the rows and holds before zeros, the n values at index from of x, and after zeros.
func (g window) each(lo, hi int, visit func(row, from, n, before, after int)) {
	line := g.kw * g.c
	row := 0
	for p := lo; p < hi; p++ {
		ox, oy, image := p%g.outW, p/g.outW%g.outH, p/(g.outW*g.outH)
		left := ox*g.stride - g.padW
		first := min(max(left, 0), g.w)
		last := max(first, min(left+g.kw, g.w))
		before := min(g.kw, max(0, first-left)) * g.c
		n := (last - first) * g.c
		for ky := range g.kh {
			y := oy*g.stride - g.padH + ky
			if y < 0 || y >= g.h {
				visit(row, 0, 0, line, 0)
			} else {
				visit(row, ((image*g.h+y)*g.w+first)*g.c, n, before, line-before-n)
			}
			row += line
		}
	}
}
