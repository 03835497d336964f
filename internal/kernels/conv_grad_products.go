package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

const (
	manyWeights = 1 << 16 // of a tap: going over all of them for each band of an image costs more than to copy what it sees

	productPixels = 1 << 9  // outputs that make a sum worth its memory
	tapPixels     = 1 << 10 // whose inputs are copied at a time
)

// weightGradProducts is a product of matrices for each row of taps: what they see of x, transposed, times dy. Fixed ranges of the outputs give partial sums, which are added in pairs.
func (s Conv) weightGradProducts(x, dy, dw []float32) {
	pixels := s.N * s.OutH() * s.OutW()
	partials := max(1, min(pixels/productPixels, maxPartials, partialValues/len(dw)))
	if partials == 1 {
		s.addTapGrads(dw, x, dy, 0, pixels, 1)
		return
	}
	sums := getScratch(partials * len(dw))
	defer putScratch(sums)
	parallel.For(partials, func(i int) {
		s.addTapGrads(sums.data[i*len(dw):][:len(dw)], x, dy, i*pixels/partials, (i+1)*pixels/partials, 0)
	})
	addTo(dw, addPartials(sums.data, partials, len(dw)))
}

// addTapGrads adds what the outputs [lo, hi) give to beta times sum.
func (s Conv) addTapGrads(sum, x, dy []float32, lo, hi int, beta float32) {
	if s.KH == 1 && s.KW == 1 && s.Stride == 1 && s.Pad == 0 {
		Gemm(true, false, s.C, s.O, hi-lo, 1, x[lo*s.C:], s.C, dy[lo*s.O:], s.O, beta, sum, s.O)
		return
	}
	run := s.KW * s.C // values of a row of taps
	seen := getScratch(min(hi-lo, tapPixels) * run)
	defer putScratch(seen)
	for ; lo < hi; lo += tapPixels {
		n := min(tapPixels, hi-lo)
		for ky := range s.KH {
			s.gather(seen.data, x, lo, n, ky)
			Gemm(true, false, run, s.O, n, 1, seen.data, run, dy[lo*s.O:], s.O, beta, sum[ky*run*s.O:], s.O)
		}
		beta = 1
	}
}

// gather sets the rows of seen to what row ky of the kernel sees at the n outputs from lo on.
func (s Conv) gather(seen, x []float32, lo, n, ky int) {
	outH, outW, run := s.OutH(), s.OutW(), s.KW*s.C
	parallel.Range(n, max(1, chunkSize/run), func(from, end int) {
		for i := from; i < end; i++ {
			at := lo + i
			image, row, col := at/(outH*outW), at/outW%outH*s.Stride+ky-s.Pad, at%outW*s.Stride-s.Pad
			to := seen[i*run:][:run]
			first, last := clamp(col, s.W), clamp(col+s.KW, s.W) // columns that there are
			if row < 0 || row >= s.H || first == last {
				clear(to)
				continue
			}
			clear(to[:(first-col)*s.C])
			copy(to[(first-col)*s.C:(last-col)*s.C], x[((image*s.H+row)*s.W+first)*s.C:])
			clear(to[(last-col)*s.C:])
		}
	})
}
