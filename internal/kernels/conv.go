package kernels

// Conv is the shape of a two-dimensional convolution: N images of H×W pixels and C channels, kernels of KH×KW pixels
// with O outputs, the same Stride and zero padding Pad in both directions. The padded image must not be smaller than the
// kernel.
type Conv struct{ N, H, W, C, KH, KW, O, Stride, Pad int }

// OutH is the height of the output images.
func (s Conv) OutH() int { return OutSize(s.H, s.KH, s.Stride, s.Pad) }

// OutW is the width of the output images.
func (s Conv) OutW() int { return OutSize(s.W, s.KW, s.Stride, s.Pad) }

// MACs is the number of multiply-adds of a forward pass, those with padding included.
func (s Conv) MACs() int64 {
	return int64(s.N) * int64(s.OutH()) * int64(s.OutW()) * int64(s.KH*s.KW) * int64(s.C) * int64(s.O)
}

// OutSize is the number of places a window of k pixels takes over size pixels with pad more at either end.
func OutSize(size, k, stride, pad int) int { return (size+2*pad-k)/stride + 1 }

// frame is the part of an image that the output rows [lo, hi) read.
func (s Conv) frame(lo, hi int) frame {
	return frame{
		h: s.H, w: s.W, c: s.C, top: lo*s.Stride - s.Pad, left: -s.Pad,
		rows: (hi-lo-1)*s.Stride + s.KH, cols: (s.OutW()-1)*s.Stride + s.KW,
	}
}

// bandRows is the number of output rows to work on at a time, so that the part of the image that they read has about
// the given number of values.
func (s Conv) bandRows(values int) int {
	line := s.frame(0, 1).cols * s.C
	return min(s.OutH(), max(1, (values/max(1, line)-s.KH)/s.Stride+1))
}

// empty says that there is nothing to compute.
func (s Conv) empty() bool { return s.N*s.OutH()*s.OutW()*s.C*s.O == 0 }

const (
	frameValues = 1 << 17 // of an image that are worked on at a time: they fit the second-level cache
	fewImages   = 8       // are cut into bands, to keep the cores busy
)

// ConvForward sets y [N, OutH, OutW, O] to the convolution of x [N, H, W, C] with w [KH, KW, C, O] plus bias [O]; a nil
// bias stands for zeros.
func ConvForward(s Conv, x, w, bias, y []float32) {
	each := func(int, int, []float64) {}
	if bias != nil && s.winograd() {
		behind := bias[:s.O]
		bias = nil
		each = func(lo, hi int, _ []float64) {
			for p := lo; p < hi; p++ {
				addTo(y[p*s.O:(p+1)*s.O], behind)
			}
		}
	}
	s.forward(x, w, bias, y, each, nil, nil)
}

// ConvForwardSums is ConvForward without bias. It also sets sum and sumsq [O] to the sums and the sums of squares of the
// channels of y, while y is in the cache.
func ConvForwardSums(s Conv, x, w, y []float32, sum, sumsq []float64) {
	s.forward(x, w, nil, y, func(lo, hi int, sums []float64) {
		addChannelSums(y[lo*s.O:], hi-lo, s.O, sums)
	}, sum[:s.O], sumsq[:s.O])
}

// ConvForwardNorm is ConvForward without bias and then ScaleShift, in place, while y is in the cache. shortcut may be nil.
func ConvForwardNorm(s Conv, x, w, scale, shift, shortcut, y []float32, relu bool) {
	s.forward(x, w, nil, y, func(lo, hi int, _ []float64) {
		out := y[lo*s.O:]
		scaleShift(out, out, scale, shift, from(shortcut, lo*s.O), hi-lo, s.O, relu)
	}, nil, nil)
}

// forward calls each for ranges of the pixels of y that are done, with partial sums for it to add to, which make up sum
// and sumsq.
func (s Conv) forward(x, w, bias, y []float32, each func(lo, hi int, sums []float64), sum, sumsq []float64) {
	pixels := s.N * s.OutH() * s.OutW()
	y = y[:pixels*s.O]
	if s.empty() {
		clear(y) // without input channels
		if bias != nil {
			AddRowVector(y, bias, pixels, s.O)
		}
		sumChunks(1, len(sum), func(_ int, sums []float64) { each(0, pixels, sums) }, sum, sumsq)
		return
	}
	x, w = x[:s.N*s.H*s.W*s.C], w[:s.KH*s.KW*s.C*s.O]
	if s.winograd() {
		s.forwardWinograd(x, w, y, each, sum, sumsq)
	} else {
		s.forwardPlain(x, w, bias, y, each, sum, sumsq)
	}
}

// forwardPlain makes no copy of the windows: a kernel of KH×KW pixels is KH runs of adjacent values, KW·C each.
func (s Conv) forwardPlain(x, w, bias, y []float32, each func(lo, hi int, sums []float64), sum, sumsq []float64) {
	outH, outW := s.OutH(), s.OutW()
	packed := getScratch(s.KH * s.KW * s.C * current.tile.padded(s.O))
	defer putScratch(packed)
	packPanels(packed.data, false, w, s.O, s.KH*s.KW*s.C, s.O)

	rows := s.bandRows(frameValues)
	if s.N < fewImages {
		rows = min(rows, max(1, outH*s.N/fewImages))
	}
	first := s.frame(0, rows)
	points := getPixels()
	defer putPixels(points)
	points.grid(rows, outW, s.Stride*first.cols*s.C, s.Stride*s.C, outW*s.O, s.O)
	bands := (outH + rows - 1) / rows
	tasks := s.N * bands
	chunk := (tasks + maxSums - 1) / maxSums
	sumChunks((tasks+chunk-1)/chunk, len(sum), func(i int, sums []float64) {
		for task := i * chunk; task < min(tasks, (i+1)*chunk); task++ {
			image, lo := task/bands, task%bands*rows
			hi := min(outH, lo+rows)
			values, scratch := s.frame(lo, hi).view(x[image*s.H*s.W*s.C:][:s.H*s.W*s.C])
			out := y[(image*outH+lo)*outW*s.O:][:(hi-lo)*outW*s.O]
			if bias != nil {
				for p := 0; p < len(out); p += s.O {
					copy(out[p:p+s.O], bias)
				}
			}
			product := rowProduct{
				a: values, segs: s.KH, segLen: s.KW * s.C, segStep: first.cols * s.C, c: out, alpha: 1, add: bias != nil,
			}
			points.multiply(product, packed.data, s.O, (hi-lo)*outW)
			putScratch(scratch)
			each((image*outH+lo)*outW, (image*outH+hi)*outW, sums)
		}
	}, sum, sumsq)
}

func (s Conv) forwardWinograd(x, w, y []float32, each func(lo, hi int, sums []float64), sum, sumsq []float64) {
	k := newWinograd(s.H, s.W, s.C, s.O)
	u := k.weights(w, false)
	defer putScratch(u)
	tasks := s.N * k.rows
	chunk := roundUp((tasks+maxSums-1)/maxSums, k.band)
	sumChunks((tasks+chunk-1)/chunk, len(sum), func(i int, sums []float64) {
		work := k.work()
		defer work.free()
		const bands = 4 // whose results fit the second-level cache, too
		last := min(tasks, (i+1)*chunk)
		for lo := i * chunk; lo < last; lo += bands * k.band {
			hi := min(last, lo+bands*k.band)
			k.convolve(y, x, u.data, lo, hi, false, work)
			each(k.line(lo)*s.W, k.line(hi)*s.W, sums)
		}
	}, sum, sumsq)
}
