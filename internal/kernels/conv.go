package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

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

// ConvForward sets y [N, OutH, OutW, O] to the convolution of x [N, H, W, C] with w [KH, KW, C, O] plus bias [O]; a nil
// bias stands for zeros.
func ConvForward(s Conv, x, w, bias, y []float32) {
	win := s.window()
	convolve(win, x, w, s.O, y, func(block []float32) float32 {
		if bias == nil {
			return 0
		}
		for ; len(block) > 0; block = block[s.O:] {
			copy(block[:s.O], bias)
		}
		return 1
	})
}

// convolve computes y = windows(x)·w + beta·y with w [win.size, outputs], one block of output pixels at a time.
// prepare is called with each block of y before and returns the block's beta.
func convolve(win window, x, w []float32, outputs int, y []float32, prepare func(block []float32) (beta float32)) {
	if outputs == 0 {
		return
	}
	parallel.Range(win.pixels, win.block(), func(lo, hi int) {
		rows, s := win.rows(x, lo, hi)
		block := y[lo*outputs : hi*outputs]
		beta := prepare(block)
		gemmSerial(false, false, hi-lo, outputs, win.size, 1, rows, win.size, w, outputs, beta, block, outputs)
		putScratch(s)
	})
}
