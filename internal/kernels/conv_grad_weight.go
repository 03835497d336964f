package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

const (
	// Partial weight gradients: at most maxPartials of them, fewer when they would hold more than partialValues
	// together.
	maxPartials   = 16
	partialValues = 1 << 22
	partialTasks  = 4 // images, or bands of images, that make a sum worth its memory

	reduceChunk = 1 << 11 // of their values are added up at a time: all of them stay in the second-level cache

	bandValues = 1 << 12 // of an image whose products are added up at a time: they stay in the first-level cache
)

// ConvWeightGrad adds to dw [KH, KW, C, O] the gradient of the weights of ConvForward, given x [N, H, W, C] and dy
// [N, OutH, OutW, O].
func ConvWeightGrad(s Conv, x, dy, dw []float32) {
	ConvBackward(s, dy, nil, nil, x, nil, nil, false, dw)
}

// weightGradPlain is ConvWeightGrad for shapes that are not empty.
func (s Conv) weightGradPlain(x, dy, dw []float32) {
	x, dy, dw = x[:s.N*s.H*s.W*s.C], dy[:s.N*s.OutH()*s.OutW()*s.O], dw[:s.KH*s.KW*s.C*s.O]
	if s.C*s.O >= manyWeights || current.lanes == 1 && s.C >= 8 { // in Go a product has the better tiles
		x, scratch := s.activated(x)
		s.weightGradProducts(x, dy, dw)
		putScratch(scratch)
	} else {
		s.weightGradBands(x, dy, dw)
	}
}

// weightGradBands is for weights that the caches have room for, besides a band of an image. Fixed ranges of images give partial sums, which are
// added in pairs.
func (s Conv) weightGradBands(x, dy, dw []float32) {
	outH, outW, weights := s.OutH(), s.OutW(), len(dw)
	rows := s.bandRows(frameValues)
	if s.N < fewImages {
		rows = min(rows, max(1, outH*s.N/fewImages))
	}
	bands := (outH + rows - 1) / rows
	tasks := s.N * bands
	partials := min((tasks+partialTasks-1)/partialTasks, maxPartials, max(2, partialValues/weights))
	chunk := (tasks + partials - 1) / partials
	partials = (tasks + chunk - 1) / chunk
	sums := getScratch(partials * weights)
	defer putScratch(sums)
	parallel.For(partials, func(i int) {
		sum := sums.data[i*weights:][:weights]
		clear(sum)
		for task := i * chunk; task < min(tasks, (i+1)*chunk); task++ {
			image, lo := task/bands, task%bands*rows
			hi := min(outH, lo+rows)
			s.addWeightGrad(sum, x[image*s.H*s.W*s.C:][:s.H*s.W*s.C], dy[image*outH*outW*s.O:][:outH*outW*s.O], lo, hi)
		}
	})
	addTo(dw, addPartials(sums.data, partials, weights))
}

// addPartials adds up n partial sums, in place and in pairs, and returns the sum, which is the first of them.
func addPartials(sums []float32, n, size int) []float32 {
	parallel.Range(size, reduceChunk, func(lo, hi int) {
		part := func(i int) []float32 { return sums[i*size:][lo:hi] }
		for step := 1; step < n; step *= 2 {
			for i := 0; i+step < n; i += 2 * step {
				addTo(part(i), part(i+step))
			}
		}
	})
	return sums[:size]
}

// addWeightGrad adds what the output rows [lo, hi) of one image give.
func (s Conv) addWeightGrad(sum, x, dy []float32, lo, hi int) {
	f := s.frame(lo, hi)
	values, scratch := f.viewOf(s.Before, x)
	defer putScratch(scratch)
	outW, line, run := s.OutW(), f.cols*s.C, s.KW*s.C
	t := current.tile
	rows := s.bandRows(bandValues)
	for top := lo; top < hi; top += rows {
		product := colProduct{
			segs: min(rows, hi-top), segLen: outW, segA: s.Stride * line, segB: outW * s.O, stepA: s.Stride * s.C, stepB: s.O,
			ldc: s.O, alpha: 1, add: true,
		}
		for ky := range s.KH {
			for j := 0; j < s.O; j += t.cols {
				product.a, product.b = values[((top-lo)*s.Stride+ky)*line:], dy[top*outW*s.O+j:]
				product.c, product.cols = sum[ky*run*s.O+j:], min(t.cols, s.O-j)
				product.run(run)
			}
		}
	}
}
