package kernels

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// eachTap visits the (x, w, y) indices of every multiply-add of a convolution, padding left out.
func eachTap(s Conv, visit func(x, w, y int)) {
	for n := range s.N {
		for oy := range s.OutH() {
			for ox := range s.OutW() {
				for ky := range s.KH {
					for kx := range s.KW {
						iy, ix := oy*s.Stride-s.Pad+ky, ox*s.Stride-s.Pad+kx
						if iy < 0 || iy >= s.H || ix < 0 || ix >= s.W {
							continue
						}
						for c := range s.C {
							for o := range s.O {
								visit(((n*s.H+iy)*s.W+ix)*s.C+c, ((ky*s.KW+kx)*s.C+c)*s.O+o,
									((n*s.OutH()+oy)*s.OutW()+ox)*s.O+o)
							}
						}
					}
				}
			}
		}
	}
}

func (s Conv) lens() (x, w, y int) {
	return s.N * s.H * s.W * s.C, s.KH * s.KW * s.C * s.O, s.N * s.OutH() * s.OutW() * s.O
}

// checkConv compares the three kernels with the definition.
func checkConv(t *testing.T, s Conv, withBias bool) {
	t.Helper()
	r := newRand(uint64(s.H*100 + s.C))
	nx, nw, ny := s.lens()
	x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
	context := fmt.Sprintf("%+v", s)

	var bias []float32
	wantY := make([]float64, ny)
	if withBias {
		bias = randoms(r, s.O)
		for i := range wantY {
			wantY[i] = float64(bias[i%s.O])
		}
	}
	dx, dw := newGuarded(randoms(r, nx)), newGuarded(randoms(r, nw))
	wantDX, wantDW := toFloat64(dx.data), toFloat64(dw.data)
	eachTap(s, func(i, j, k int) {
		wantY[k] += float64(x[i]) * float64(w[j])
		wantDX[i] += float64(dy[k]) * float64(w[j])
		wantDW[j] += float64(dy[k]) * float64(x[i])
	})

	tolerance := 5e-5
	if s.winograd() && newWinograd(s.H, s.W, s.C, s.O, s.inPairs()).out == 4 {
		tolerance = 2e-4
	}
	y := newGuarded(make([]float32, ny))
	for i := range y.data {
		y.data[i] = nan32
	}
	ConvForward(s, x, w, bias, y.data)
	near(t, wantY, y.data, tolerance, "forward ", context)
	y.check(t)
	kept := newGuarded(make([]float32, ny))
	KeepConv(Conv{H: s.H, W: s.W, C: s.C, KH: s.KH, KW: s.KW, O: s.O, Stride: s.Stride, Pad: s.Pad}, w).Forward(s, x, bias, kept.data)
	near(t, wantY, kept.data, tolerance, "forward with weights that are kept ", context)
	kept.check(t)
	ConvInputGrad(s, dy, w, dx.data, true)
	near(t, wantDX, dx.data, tolerance, "input gradient ", context)
	dx.check(t)
	ConvWeightGrad(s, x, dy, dw.data)
	near(t, wantDW, dw.data, 2*tolerance, "weight gradient ", context)
	dw.check(t)
	checkBefore(t, s, x, w, dy)
}

// checkBefore compares a convolution of an activation that is computed as it is read with that of one computed before: to
// the bit.
func checkBefore(t *testing.T, s Conv, x, w, dy []float32) {
	t.Helper()
	if s.C == 0 {
		return
	}
	r := newRand(9)
	a, activated := &Activation{Scale: randoms(r, s.C), Shift: randoms(r, s.C)}, make([]float32, len(x))
	ScaleShift(activated, x, a.Scale, a.Shift, nil, len(x)/s.C, s.C, true)
	run := func(s Conv, x []float32) (out [3][]float32) {
		nx, nw, ny := s.lens()
		dx, dw, y := newGuarded(make([]float32, nx)), newGuarded(make([]float32, nw)), newGuarded(make([]float32, ny))
		ConvForward(s, x, w, nil, y.data)
		ConvBackward(s, dy, nil, nil, x, w, dx.data, false, dw.data)
		dx.check(t)
		dw.check(t)
		y.check(t)
		return [3][]float32{dx.data, dw.data, y.data}
	}
	want := run(s, activated)
	s.Before = a
	require.Equal(t, want, run(s, x), "%+v", s)
}

func TestConvAgainstDefinition(t *testing.T) {
	for _, k := range []int{1, 3, 5, 7} {
		for _, stride := range []int{1, 2, 3} {
			for _, pad := range []int{0, 1, 2, 3} {
				checkConv(t, Conv{N: 2, H: 9, W: 7, C: 3, KH: k, KW: k, O: 5, Stride: stride, Pad: pad}, pad%2 == 0)
			}
		}
	}
	for _, s := range []Conv{
		{N: 3, H: 16, W: 16, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
		{N: 2, H: 16, W: 16, C: 16, KH: 3, KW: 3, O: 32, Stride: 2, Pad: 1},
		{N: 1, H: 32, W: 32, C: 3, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
		{N: 2, H: 4, W: 4, C: 300, KH: 3, KW: 3, O: 9, Stride: 1, Pad: 1},
		{N: 1, H: 6, W: 5, C: 2, KH: 3, KW: 1, O: 3, Stride: 1, Pad: 0},
		{N: 1, H: 6, W: 5, C: 2, KH: 1, KW: 4, O: 3, Stride: 2, Pad: 1},
		{N: 1, H: 1, W: 1, C: 1, KH: 1, KW: 1, O: 1, Stride: 1, Pad: 0},
		{N: 2, H: 7, W: 9, C: 24, KH: 3, KW: 3, O: 24, Stride: 1, Pad: 1},
		{N: 2, H: 7, W: 9, C: 40, KH: 3, KW: 3, O: 100, Stride: 2, Pad: 1},
		{N: 9, H: 5, W: 5, C: 100, KH: 1, KW: 1, O: 17, Stride: 1, Pad: 0},
		{N: 9, H: 6, W: 5, C: 33, KH: 1, KW: 1, O: 40, Stride: 2, Pad: 0},
		{N: 1, H: 70, W: 300, C: 9, KH: 3, KW: 3, O: 2, Stride: 1, Pad: 1}, // in bands
		{N: 0, H: 5, W: 5, C: 0, KH: 1, KW: 1, O: 1, Stride: 1, Pad: 0},
		{N: 2, H: 5, W: 5, C: 0, KH: 3, KW: 3, O: 2, Stride: 1, Pad: 1},
		{N: 2, H: 5, W: 5, C: 2, KH: 3, KW: 3, O: 0, Stride: 1, Pad: 1},
		{N: 40, H: 8, W: 8, C: 5, KH: 3, KW: 3, O: 7, Stride: 1, Pad: 1},
		{N: 0, H: 4, W: 4, C: 2, KH: 3, KW: 3, O: 2, Stride: 1, Pad: 1},
		{N: 0, H: 4, W: 4, C: 2, KH: 3, KW: 3, O: 2, Stride: 2, Pad: 1},
	} {
		checkConv(t, s, true)
	}
}

// TestConvFewPixels: where there are few pixels, cores share the outputs.
func TestConvFewPixels(t *testing.T) {
	for _, s := range []Conv{
		{N: 1, H: 7, W: 7, C: 20, KH: 1, KW: 1, O: 70, Stride: 1},
		{N: 2, H: 7, W: 6, C: 20, KH: 3, KW: 3, O: 64, Stride: 2, Pad: 1},
		{N: 3, H: 3, W: 5, C: 5, KH: 3, KW: 3, O: 97, Stride: 1, Pad: 1},
		{N: 1, H: 14, W: 14, C: 9, KH: 3, KW: 3, O: 100, Stride: 1, Pad: 1}, // Winograd's
		{N: 1, H: 13, W: 9, C: 17, KH: 3, KW: 3, O: 72, Stride: 1, Pad: 1},
		{N: 2, H: 8, W: 8, C: 8, KH: 3, KW: 3, O: 65, Stride: 1, Pad: 1},
		{N: 9, H: 8, W: 7, C: 8, KH: 3, KW: 3, O: 150, Stride: 1, Pad: 1},
	} {
		checkConv(t, s, true)
		checkConv(t, s, false)
	}
}

func TestConvRandomShapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := Conv{
			N: rapid.IntRange(1, 3).Draw(rt, "n"), C: rapid.IntRange(1, 9).Draw(rt, "c"),
			KH: rapid.IntRange(1, 4).Draw(rt, "kh"), KW: rapid.IntRange(1, 4).Draw(rt, "kw"),
			O: rapid.IntRange(1, 9).Draw(rt, "o"), Stride: rapid.IntRange(1, 3).Draw(rt, "stride"),
			Pad: rapid.IntRange(0, 4).Draw(rt, "pad"),
		}
		s.H = rapid.IntRange(max(1, s.KH-2*s.Pad), 12).Draw(rt, "h")
		s.W = rapid.IntRange(max(1, s.KW-2*s.Pad), 12).Draw(rt, "w")
		checkConv(t, s, s.C%2 == 0)
	})
}

func TestConvShape(t *testing.T) {
	s := Conv{N: 2, H: 33, W: 20, C: 3, KH: 3, KW: 5, O: 4, Stride: 2, Pad: 1}
	require.Equal(t, 17, s.OutH())
	require.Equal(t, 9, s.OutW())
	require.EqualValues(t, 2*17*9*3*5*3*4, s.MACs())
}

func TestConvNonFinite(t *testing.T) {
	s := Conv{N: 1, H: 5, W: 5, C: 2, KH: 3, KW: 3, O: 3, Stride: 1, Pad: 1}
	r := newRand(9)
	nx, nw, ny := s.lens()
	x, w, y := randoms(r, nx), randoms(r, nw), make([]float32, ny)
	x[0] = nan32 // the corner pixel: seen by the 2×2 outputs at that corner
	ConvForward(s, x, w, nil, y)
	for p := range 25 {
		corner := p%5 < 2 && p/5 < 2
		for o := range 3 {
			require.Equal(t, corner, y[p*3+o] != y[p*3+o], "pixel %d", p)
		}
	}
}

func TestConvSameBits(t *testing.T) {
	for _, s := range []Conv{
		{N: 5, H: 16, W: 16, C: 7, KH: 3, KW: 3, O: 9, Stride: 1, Pad: 1},
		{N: 5, H: 16, W: 16, C: 7, KH: 3, KW: 3, O: 9, Stride: 2, Pad: 1},
		{N: 1, H: 32, W: 32, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
		{N: 6, H: 14, W: 14, C: 128, KH: 1, KW: 1, O: 512, Stride: 1, Pad: 0}, // products, in partial sums
		{N: 2, H: 7, W: 8, C: 256, KH: 3, KW: 3, O: 256, Stride: 2, Pad: 1},
		{N: 1, H: 8, W: 8, C: 16, KH: 3, KW: 3, O: 200, Stride: 1, Pad: 1}, // few pixels
	} {
		r := newRand(2)
		nx, nw, ny := s.lens()
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		sameBits(t, func() []float32 {
			y, dx, dw := make([]float32, ny), make([]float32, nx), make([]float32, nw)
			ConvForward(s, x, w, nil, y)
			ConvInputGrad(s, dy, w, dx, true)
			ConvWeightGrad(s, x, dy, dw)
			kept := make([]float32, ny)
			KeepConv(s, w).Forward(s, x, nil, kept)
			return append(append(append(y, dx...), dw...), kept...)
		})
	}
}

func BenchmarkConv(b *testing.B) {
	const batch = 32
	for _, s := range []Conv{
		{N: batch, H: 32, W: 32, C: 3, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
		{N: batch, H: 32, W: 32, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
		{N: batch, H: 32, W: 32, C: 16, KH: 3, KW: 3, O: 32, Stride: 2, Pad: 1},
		{N: batch, H: 16, W: 16, C: 32, KH: 3, KW: 3, O: 32, Stride: 1, Pad: 1},
		{N: batch, H: 16, W: 16, C: 32, KH: 3, KW: 3, O: 64, Stride: 2, Pad: 1},
		{N: batch, H: 8, W: 8, C: 64, KH: 3, KW: 3, O: 64, Stride: 1, Pad: 1},
		{N: batch, H: 16, W: 16, C: 24, KH: 3, KW: 3, O: 24, Stride: 1, Pad: 1},
		{N: batch, H: 16, W: 16, C: 40, KH: 3, KW: 3, O: 40, Stride: 1, Pad: 1},
		{N: batch, H: 8, W: 8, C: 100, KH: 3, KW: 3, O: 100, Stride: 1, Pad: 1},
		{N: batch, H: 8, W: 8, C: 64, KH: 1, KW: 1, O: 256, Stride: 1, Pad: 0},
	} {
		r := newRand(1)
		nx, nw, ny := s.lens()
		x, w, y := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		name := fmt.Sprintf("%dx%d_%d-%d_k%d_s%d", s.H, s.W, s.C, s.O, s.KH, s.Stride)
		for _, kernel := range []struct {
			name string
			run  func()
		}{
			{"forward", func() { ConvForward(s, x, w, nil, y) }},
			{"input", func() { ConvInputGrad(s, y, w, x, false) }},
			{"weights", func() { ConvWeightGrad(s, x, y, w) }},
		} {
			b.Run(name+"/"+kernel.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					kernel.run()
				}
				reportFlops(b, s.MACs())
			})
		}
	}
}
