package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// ConvInputGrad sets dx [N, H, W, C] to the gradient of the input of ConvForward, given dy [N, OutH, OutW, O], that of its
// output; with add it adds it.
func ConvInputGrad(s Conv, dy, w, dx []float32, add bool) {
	ConvBackward(s, dy, nil, nil, nil, w, dx, add, nil)
}

// inputGradPlain is ConvInputGrad for shapes that are not empty.
//
// The pixels of dx whose padded positions have the same remainders by the stride see the same taps of the kernel, turned
// by half a turn: for each such phase this is a convolution of dy of stride 1. One image runs on one core.
func (s Conv) inputGradPlain(dy, w, dx []float32, add bool) {
	outH, outW := s.OutH(), s.OutW()
	dy, w, dx = dy[:s.N*outH*outW*s.O], w[:s.KH*s.KW*s.C*s.O], dx[:s.N*s.H*s.W*s.C]
	if s.pointwise() && s.Stride == 1 {
		s.inputGradPoints(dy, w, dx, add)
		return
	}
	packed := getScratch(s.KH * s.KW * s.O * current.tile.padded(s.C))
	defer putScratch(packed)
	image, phases := s.inputPhases(w, packed.data, false)
	defer func() {
		for _, p := range phases {
			putPixels(p.points)
		}
	}()
	parallel.For(s.N, func(i int) {
		image, dx := image, dx[i*s.H*s.W*s.C:][:s.H*s.W*s.C]
		if !add && (s.KH < s.Stride || s.KW < s.Stride) {
			clear(dx) // some pixels see no tap
		}
		values, scratch := image.view(dy[i*outH*outW*s.O:][:outH*outW*s.O])
		defer putScratch(scratch)
		for _, p := range phases {
			product := rowProduct{
				a: values, segs: p.tapsY, segLen: p.tapsX * s.O, segStep: image.cols * s.O,
				c: dx, alpha: 1, add: add,
			}
			p.points.multiply(product, p.packed, s.C, len(p.points.from))
		}
	})
}

// inputPhase is the convolution that gives the pixels of one phase.
type inputPhase struct {
	tapsY, tapsX int
	packed       []float32
	points       *pixels
}

// inputPhases returns the part of an image of dy that is needed, and the phases, their weights in packed, in pairs of outputs
// if wanted.
func (s Conv) inputPhases(w, packed []float32, pairs bool) (frame, []inputPhase) {
	o := s.O // values of a pixel
	if pairs {
		o /= 2
	}
	ys, y0, y1 := inputAxis(s.H, s.KH, s.Stride, s.Pad)
	xs, x0, x1 := inputAxis(s.W, s.KW, s.Stride, s.Pad)
	image := frame{h: s.OutH(), w: s.OutW(), c: s.O, top: y0, left: x0, rows: y1 - y0, cols: x1 - x0}
	turned := getScratch(len(w))
	defer putScratch(turned)
	var phases []inputPhase
	for _, y := range ys {
		for _, x := range xs {
			p := inputPhase{tapsY: y.taps, tapsX: x.taps, packed: packed, points: getPixels()}
			depth := 0
			for ty := y.taps - 1; ty >= 0; ty-- {
				for tx := x.taps - 1; tx >= 0; tx-- {
					tap := (y.tap+ty*s.Stride)*s.KW + x.tap + tx*s.Stride
					transpose(turned.data[depth*s.C:], s.C, w[tap*s.C*s.O:], s.O, s.C, s.O)
					depth += s.O
				}
			}
			if pairs {
				packPairs(packed, turned.data, depth, s.C)
				depth /= 2
			} else {
				packPanels(packed, false, turned.data, s.C, depth, s.C)
			}
			packed = packed[depth*current.tile.padded(s.C):]

			p.points.grid(y.pixels, x.pixels, image.cols*o, o, s.Stride*s.W*s.C, s.Stride*s.C)
			from, to := ((y.out-y0)*image.cols+x.out-x0)*o, (y.first*s.W+x.first)*s.C
			for i := range p.points.from {
				p.points.from[i] += from
				p.points.to[i] += to
			}
			phases = append(phases, p)
		}
	}
	return image, phases
}

// axisPhase is a phase in one direction: pixels first, first+stride, … see taps outputs each, the first one those
// from out on, and get them by the taps tap, tap+stride, … in falling order.
type axisPhase struct{ first, pixels, out, tap, taps int }

// inputAxis returns the phases that have pixels and taps, and the range of outputs they see, which may exceed those
// there are.
func inputAxis(size, k, stride, pad int) (phases []axisPhase, lo, hi int) {
	for tap := range min(k, stride) {
		first := ((tap-pad)%stride + stride) % stride
		if first >= size {
			continue
		}
		p := axisPhase{
			first: first, pixels: (size-first-1)/stride + 1, tap: tap, taps: (k-tap-1)/stride + 1,
		}
		p.out = (first+pad-tap)/stride - (p.taps - 1)
		end := p.out + p.pixels + p.taps - 1
		if len(phases) == 0 {
			lo, hi = p.out, end
		}
		lo, hi = min(lo, p.out), max(hi, end)
		phases = append(phases, p)
	}
	return phases, lo, hi
}
