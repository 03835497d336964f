package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// pointwise says that each output sees one pixel, so that images have no edges: the convolution is a product, and pixels are the
// rows of its matrices.
func (s Conv) pointwise() bool { return s.KH == 1 && s.KW == 1 && s.Pad == 0 }

// flat is a pointwise convolution of one column of all pixels that outputs see. It returns their values too, and scratch to be
// put back that they may be in.
func (s Conv) flat(x []float32) (Conv, []float32, *scratch) {
	outH, outW, stride := s.OutH(), s.OutW(), s.Stride
	one := s
	one.N, one.H, one.W, one.Stride = 1, s.N*outH*outW, 1, 1
	if stride == 1 {
		return one, x, getScratch(0)
	}
	seen := getScratch(one.H * s.C)
	parallel.For(s.N*outH, func(line int) {
		from := (line/outH*s.H + line%outH*stride) * s.W
		for i := range outW {
			to, pixel := seen.data[(line*outW+i)*s.C:][:s.C], x[(from+i*stride)*s.C:]
			if s.Before != nil {
				s.Before.apply(to, pixel, 1, s.C)
			} else {
				copy(to, pixel)
			}
		}
	})
	one.Before = nil
	return one, seen.data, seen
}

// pointRows is the number of pixels to work on at a time: whole tiles, and what is read and written stays in the second-level cache.
func (s Conv) pointRows() int {
	rows := min(frameValues/s.C, 2*frameValues/(s.C+s.O))
	return max(fewRows, rows/current.tile.rows) * current.tile.rows
}

// inputGradPoints is inputGradPlain for a pointwise convolution of stride 1: one of dy with the weights transposed.
func (s Conv) inputGradPoints(dy, w, dx []float32, add bool) {
	packed := getScratch(s.O * current.tile.padded(s.C))
	defer putScratch(packed)
	packPanels(packed.data, true, w, s.O, s.O, s.C)
	s.C, s.O, s.Before = s.O, s.C, nil
	s.forwardPlain(dy, packed.data, nil, dx, add, func([]float32, int, []float64) {}, nil, nil)
}
