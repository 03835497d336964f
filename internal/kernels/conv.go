package kernels

// Conv is the shape of a two-dimensional convolution: N images of H×W pixels and C channels, kernels of KH×KW pixels
// with O outputs, the same Stride and zero padding Pad in both directions. The padded image must not be smaller than the
// kernel.
type Conv struct {
	N, H, W, C, KH, KW, O, Stride, Pad int
	// Before is what the input goes through first, part by part where it is read: x is then what the activation is made of.
	// nil: x is the input. GroupedConvForward and GroupedConvBackward take none.
	Before *Activation
	// BFloat16 rounds x, w and dy to bfloat16 where they are multiplied, if C and O are even and 8 or more; sums are float32.
	// That is fast where FastBFloat16; elsewhere rounded numbers are multiplied as float32.
	BFloat16 bool
	// Packed says that y is bfloat16 in pairs: the result of ConvForwardSums, and what ConvBackward needs of it. O is even.
	Packed bool
}

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
	s.arranged(w, func(k *KeptConv) { k.Forward(s, x, bias, y) })
}

// ConvForwardSums is ConvForward without bias. It also sets sum and sumsq [O] to the sums and the sums of squares of the
// channels of y, while y is in the cache.
func ConvForwardSums(s Conv, x, w, y []float32, sum, sumsq []float64) {
	s.arranged(w, func(k *KeptConv) {
		k.forward(s, x, nil, y, func(out []float32, _ int, sums []float64) {
			addChannelSums(out, len(out)/s.O, s.O, sums)
		}, sum[:s.O], sumsq[:s.O])
	})
}

// ConvForwardNorm is ConvForward without bias and then ScaleShift, in place, while y is in the cache. shortcut may be nil.
func ConvForwardNorm(s Conv, x, w, scale, shift, shortcut, y []float32, relu bool) {
	s.arranged(w, func(k *KeptConv) { k.ForwardNorm(s, x, scale, shift, shortcut, y, relu) })
}
