package kernels

// Convolutions of bfloat16, where the processor multiplies them in pairs: those of channels in the forward pass and for the
// gradient of the input, those of two images for that of the weights. An image becomes pairs where it is read, so that float32
// and bfloat16 in memory give the same.
//
// Processors without give the same but for the order of sums and Winograd's rounding: what is multiplied is rounded before.

// FastBFloat16 says whether the processor multiplies bfloat16 faster than float32.
func FastBFloat16() bool { return current.sets&avx512bf16 != 0 }

// rounds says whether the convolution is one of bfloat16. That depends on its shape, and not on the processor.
func (s Conv) rounds() bool {
	const few = 8 // channels, whose convolution costs little
	return s.BFloat16 && s.C%2 == 0 && s.O%2 == 0 && s.C >= few && s.O >= few
}

// inPairs says whether the convolution multiplies pairs.
func (s Conv) inPairs() bool { return s.rounds() && FastBFloat16() }

// plain is the convolution of float32, of x behind s.Before and w, rounded if s is one of bfloat16; free puts back what they are
// in. Either may be nil.
func (s Conv) plain(x, w []float32) (plain Conv, rx, rw []float32, free func()) {
	round := func(v []float32, n int) ([]float32, *scratch) {
		if v == nil {
			return nil, getScratch(0)
		}
		y := getScratch(n)
		RoundBFloat16(y.data, v[:n])
		return y.data, y
	}
	px := getScratch(0)
	if x != nil {
		x, px = s.activated(x)
	}
	plain = s
	plain.Before, plain.BFloat16, plain.Packed = nil, false, false
	if !s.rounds() {
		return plain, x, w, func() { putScratch(px) }
	}
	rx, sx := round(x, s.N*s.H*s.W*s.C)
	putScratch(px)
	rw, sw := round(w, s.KH*s.KW*s.C*s.O)
	return plain, rx, rw, func() {
		putScratch(sx)
		putScratch(sw)
	}
}

// viewPairs is viewOf in pairs of channels, of which c is even.
func (f frame) viewPairs(before *Activation, image []float32) ([]float32, *scratch) {
	if before.stored() && f.left == 0 && f.cols == f.w && f.top >= 0 && f.top+f.rows <= f.h {
		return image[f.top*f.w*f.c/2:][:f.size()/2], getScratch(0)
	}
	s := getScratch(f.size() / 2)
	f.pairs(s.data, before, image)
	return s.data, s
}

// pairs sets to to the frame's values in pairs.
func (f frame) pairs(to []float32, before *Activation, image []float32) {
	first, last := clamp(f.left, f.w), clamp(f.left+f.cols, f.w) // columns that there are
	left, n := (first-f.left)*f.c/2, (last-first)*f.c
	if n == 0 {
		left = 0
	}
	tmp := getScratch(n)
	defer putScratch(tmp)
	for r := range f.rows {
		row := to[r*f.cols*f.c/2:][:f.cols*f.c/2]
		y := f.top + r
		if y < 0 || y >= f.h {
			clear(row)
			continue
		}
		clear(row[:left])
		from := before.from(image, (y*f.w+first)*f.c)
		switch {
		case before.stored():
			copy(row[left:], from[:n/2])
			clear(row[left+n/2:])
			continue
		case before != nil:
			before.apply(tmp.data, from, last-first, f.c)
			from = tmp.data
		}
		toBFloat16(row[left:], from[:n])
		clear(row[left+n/2:])
	}
}

// packPairs makes panels of pairs of the rows of a matrix of an even number of rows.
func packPairs(packed, w []float32, rows, cols int) {
	pairs := getScratch(rows / 2 * cols)
	defer putScratch(pairs)
	for i := range rows / 2 {
		pairRows(pairs.data[i*cols:], w[2*i*cols:][:cols], w[(2*i+1)*cols:])
	}
	packPanels(packed, false, pairs.data, cols, rows/2, cols)
}

// backwardRounded is ConvBackward of float32, on numbers that are rounded before or unpacked.
func (s Conv) backwardRounded(dy []float32, norm *Norm, y, x, w, dx []float32, add bool, dw []float32) {
	n := s.N * s.OutH() * s.OutW() * s.O
	gradient := getScratch(n)
	defer putScratch(gradient)
	if norm != nil {
		if s.Packed {
			FromBFloat16(gradient.data, y)
			y = gradient.data
		}
		norm.GradInput(gradient.data, dy, y, n/s.O, s.O)
		dy = gradient.data
	}
	if s.rounds() {
		RoundBFloat16(gradient.data, dy[:n])
		dy = gradient.data
	}
	if dw == nil {
		x = nil
	}
	if dx == nil {
		w = nil
	}
	plain, rx, rw, free := s.plain(x, w)
	defer free()
	ConvBackward(plain, dy, nil, nil, rx, rw, dx, add, dw)
}
