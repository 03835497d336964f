package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// ConvInputGrad adds to dx [N, H, W, C] the gradient of the input of ConvForward, given dy [N, OutH, OutW, O], that of
// its output. Strides other than 1 run one image a core.
func ConvInputGrad(s Conv, dy, w, dx []float32) {
	if s.Stride == 1 && s.Pad < s.KH && s.Pad < s.KW {
		convInputGradRotated(s, dy, w, dx)
		return
	}
	win := s.window()
	image := win.outH * win.outW
	parallel.For(s.N, func(i int) {
		for lo := i * image; lo < (i+1)*image; lo += win.block() {
			hi := min((i+1)*image, lo+win.block())
			rows := getScratch((hi - lo) * win.size)
			gemmSerial(false, true, hi-lo, win.size, s.O, 1, dy[lo*s.O:], s.O, w, s.O, 0, rows.data, win.size)
			win.addRows(dx, rows.data, lo, hi)
			putScratch(rows)
		}
	})
}

// convInputGradRotated convolves dy with the weights turned by half a turn, inputs and outputs exchanged.
func convInputGradRotated(s Conv, dy, w, dx []float32) {
	rotated := getScratch(len(w))
	defer putScratch(rotated)
	taps, tap := s.KH*s.KW, s.C*s.O
	for i := range taps {
		transpose(rotated.data[(taps-1-i)*tap:], s.C, w[i*tap:], s.O, s.C, s.O)
	}
	win := window{
		h: s.OutH(), w: s.OutW(), c: s.O, kh: s.KH, kw: s.KW, stride: 1, padH: s.KH - 1 - s.Pad, padW: s.KW - 1 - s.Pad,
		outH: s.H, outW: s.W, pixels: s.N * s.H * s.W, size: s.KH * s.KW * s.O,
	}
	convolve(win, dy, rotated.data, s.C, dx, func([]float32) float32 { return 1 })
}

// Partial weight gradients: at most maxPartials of them, fewer when they would hold more than partialValues together.
const (
	maxPartials   = 16
	partialValues = 1 << 22
)

// ConvWeightGrad adds to dw [KH, KW, C, O] the gradient of the weights of ConvForward, given x [N, H, W, C] and dy
// [N, OutH, OutW, O]. Fixed ranges of pixels give partial sums, which are added in order.
func ConvWeightGrad(s Conv, x, dy, dw []float32) {
	win := s.window()
	weights := win.size * s.O
	if weights == 0 || win.pixels == 0 {
		return
	}
	blocks := (win.pixels + win.block() - 1) / win.block()
	partials := min(blocks, maxPartials, max(2, partialValues/weights))
	chunk := (blocks + partials - 1) / partials * win.block()
	partials = (win.pixels + chunk - 1) / chunk
	sums := getScratch(partials * weights)
	defer putScratch(sums)
	parallel.For(partials, func(i int) {
		sum := sums.data[i*weights : (i+1)*weights]
		clear(sum)
		end := min(win.pixels, (i+1)*chunk)
		for lo := i * chunk; lo < end; lo += win.block() {
			hi := min(end, lo+win.block())
			rows, s1 := win.rows(x, lo, hi)
			// The transpose of the gradient, O × size: it is the small operand that gets transposed.
			gemmSerial(true, false, s.O, win.size, hi-lo, 1, dy[lo*s.O:], s.O, rows, win.size, 1, sum, win.size)
			putScratch(s1)
		}
	})
	parallel.Range(win.size, max(1, chunkSize/(s.O*partials)), func(lo, hi int) {
		for k := lo; k < hi; k++ {
			for o := range s.O {
				var sum float64
				for i := range partials {
					sum += float64(sums.data[i*weights+o*win.size+k])
				}
				dw[k*s.O+o] += float32(sum)
			}
		}
	})
}
