package kernels

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// winogradShapes have enough tiles for Winograd's algorithm: even and odd sizes, channels that fill vectors and not, one
// row or column of tiles, bands of several images and images of several bands.
var winogradShapes = []Conv{
	{N: 3, H: 32, W: 32, C: 16, O: 16}, {N: 17, H: 8, W: 8, C: 64, O: 64}, {N: 2, H: 17, W: 15, C: 24, O: 40},
	{N: 3, H: 13, W: 14, C: 9, O: 35}, {N: 4, H: 14, W: 13, C: 100, O: 8}, {N: 40, H: 3, W: 4, C: 8, O: 17}, {N: 1, H: 300, W: 2, C: 33, O: 16},
	{N: 70, H: 3, W: 3, C: 8, O: 8}, {N: 5, H: 9, W: 16, C: 40, O: 49}, {N: 1, H: 3, W: 200, C: 16, O: 32},
	{N: 5, H: 6, W: 5, C: 24, O: 35}, {N: 9, H: 2, W: 8, C: 100, O: 17}, {N: 1, H: 300, W: 2, C: 33, O: 49}, // by tiles of 2×2 outputs
}

func TestWinogradAgainstDefinition(t *testing.T) {
	for _, s := range winogradShapes {
		s.KH, s.KW, s.Stride, s.Pad = 3, 3, 1, 1
		require.True(t, s.winograd(), "%+v", s)
		checkConv(t, s, s.C%2 == 0)
	}
}

func TestWinogradRandomShapes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := Conv{C: rapid.IntRange(8, 34).Draw(rt, "c"), O: rapid.IntRange(8, 34).Draw(rt, "o"), H: rapid.IntRange(1, 18).Draw(rt, "h"),
			W: rapid.IntRange(1, 18).Draw(rt, "w"), KH: 3, KW: 3, Stride: 1, Pad: 1}
		s.N = 128/(((s.H+1)/2)*((s.W+1)/2)) + 1
		checkConv(t, s, false)
	})
}

func TestConvForwardSums(t *testing.T) {
	for _, s := range append(slices.Clone(winogradShapes[:3]), Conv{N: 70, H: 5, W: 6, C: 3, O: 7}, Conv{N: 2, H: 9, W: 9, C: 3, O: 16}, Conv{C: 1, O: 3, H: 3, W: 3}) {
		s.KH, s.KW, s.Stride, s.Pad = 3, 3, 1, 1
		r := newRand(1)
		nx, nw, ny := s.lens()
		x, w, y, want := randoms(r, nx), randoms(r, nw), make([]float32, ny), make([]float32, ny)
		sum, sumsq := randoms64(s.O), randoms64(s.O)
		ConvForwardSums(s, x, w, y, sum, sumsq)
		ConvForward(s, x, w, nil, want)
		require.Equal(t, want, y)
		wantSum, wantSq := make([]float64, s.O), make([]float64, s.O)
		ChannelSums(y, ny/s.O, s.O, wantSum, wantSq)
		for o := range s.O {
			require.InDelta(t, wantSum[o], sum[o], 1e-8*(1+wantSq[o]))
			require.InEpsilon(t, 1+wantSq[o], 1+sumsq[o], 1e-10)
		}
	}
}

func TestConvForwardNorm(t *testing.T) {
	for _, s := range append(slices.Clone(winogradShapes[:3]), Conv{N: 70, H: 5, W: 6, C: 3, O: 7}, Conv{N: 2, H: 9, W: 9, C: 3, O: 16}, Conv{N: 2, O: 3, H: 3, W: 3},
		Conv{N: 1, H: 6, W: 6, C: 9, O: 130}, Conv{N: 1, H: 16, W: 20, C: 9, O: 230}) {
		s.KH, s.KW, s.Stride, s.Pad = 3, 3, 1, 1
		r := newRand(1)
		nx, nw, ny := s.lens()
		x, w, scale, shift, y := randoms(r, nx), randoms(r, nw), randoms(r, s.O), randoms(r, s.O), make([]float32, ny)
		for _, shortcut := range [][]float32{nil, randoms(r, ny)} {
			for _, relu := range []bool{false, true} {
				got := newGuarded(make([]float32, ny))
				ConvForwardNorm(s, x, w, scale, shift, shortcut, got.data, relu)
				ConvForward(s, x, w, nil, y)
				ScaleShift(y, y, scale, shift, shortcut, ny/s.O, s.O, relu)
				require.Equal(t, y, got.data)
				got.check(t)
			}
		}
	}
}

// TestConvBackwardOfNorm compares the gradients through a batch norm behind a convolution with those in two steps.
func TestConvBackwardOfNorm(t *testing.T) {
	for _, s := range append(slices.Clone(winogradShapes[:4]), Conv{N: 2, H: 5, W: 6, C: 258, O: 260}, Conv{N: 20, H: 16, W: 15, C: 16, O: 32, Stride: 2}, Conv{N: 2, H: 9, W: 9, C: 3, O: 16}) {
		s.KH, s.KW, s.Stride, s.Pad = 3, 3, max(1, s.Stride), 1
		r := newRand(1)
		nx, nw, ny := s.lens()
		x, w, g, y := randoms(r, nx), randoms(r, nw), randoms(r, ny), randoms(r, ny)
		for _, masked := range []bool{false, true} {
			n := &Norm{Mean: randoms(r, s.O), K1: randoms(r, s.O), K2: randoms(r, s.O), K3: randoms(r, s.O)}
			if masked {
				n.Scale, n.Shift = randoms(r, s.O), randoms(r, s.O)
			}
			dy, wantX, wantW := make([]float32, ny), make([]float32, nx), make([]float32, nw)
			n.GradInput(dy, g, y, ny/s.O, s.O)
			ConvInputGrad(s, dy, w, wantX, false)
			ConvWeightGrad(s, x, dy, wantW)
			for _, part := range []string{"both", "input", "weights"} {
				dx, dw := newGuarded(randoms(r, nx)), newGuarded(make([]float32, nw))
				kept, wantG := dx.data, slices.Clone(g)
				switch part {
				case "both":
					ConvBackward(s, g, n, slices.Clone(y), x, w, dx.data, false, dw.data)
				case "input":
					ConvBackward(s, g, n, slices.Clone(y), nil, w, dx.data, false, nil)
				case "weights":
					ConvBackward(s, g, n, slices.Clone(y), x, nil, nil, false, dw.data)
				}
				require.Equal(t, wantG, g, "the gradient is handed on")
				if part != "weights" {
					require.Equal(t, wantX, kept, "%+v", s)
				}
				if part != "input" {
					near(t, toFloat64(wantW), dw.data, 1e-4, fmt.Sprintf("%+v", s))
				}
				dx.check(t)
				dw.check(t)
			}
		}
	}
}

// TestWinogradInputOfAnyWidth visits all ways through the transform: whole and part vectors, an edge inside and at the end of a
// tile, and each turn of its columns. It only adds, so that its bits are those of pure Go.
func TestWinogradInputOfAnyWidth(t *testing.T) {
	r := newRand(3)
	for c := 1; c <= 33; c++ {
		for w := 1; w <= 8; w++ {
			tiles, right, depth := (w+1)/2, 1+w%2, roundUp(c, current.winograd)
			var lines [4][]float32
			for i := range lines {
				lines[i] = randoms(r, w*c)
			}
			plane := planeSize(tiles, depth)
			want, got := make([]float32, 16*plane), newGuarded(make([]float32, 16*plane))
			winogradInputGeneric(lines, c, want, plane, depth, tiles, right)
			winogradInput(lines, c, got.data, plane, depth, tiles, right)
			require.Equal(t, want, got.data, "%d channels, %d columns", c, w)
			got.check(t)
		}
	}
}

func TestWinogradSameBits(t *testing.T) {
	s := Conv{N: 40, H: 9, W: 8, C: 17, KH: 3, KW: 3, O: 20, Stride: 1, Pad: 1}
	r := newRand(2)
	nx, nw, ny := s.lens()
	x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
	sameBits(t, func() []float32 {
		y, dx, dw := make([]float32, ny), make([]float32, nx), make([]float32, nw)
		ConvForward(s, x, w, nil, y)
		ConvBackward(s, dy, nil, nil, x, w, dx, true, dw)
		return append(append(y, dx...), dw...)
	})
}

// TestWinogradByPlanes: planes as a whole give the bits of bands, in several groups of images and in part of one.
func TestWinogradByPlanes(t *testing.T) {
	if current.lanes == 1 {
		t.Skip("plain Go multiplies bands alone")
	}
	for _, s := range []Conv{{N: 70, H: 5, W: 6, C: 9, O: 40}, {N: 40, H: 8, W: 7, C: 9, O: 40}, {N: 3, H: 7, W: 7, C: 33, O: 16}, {N: 2, H: 40, W: 41, C: 16, O: 32}} {
		s.KH, s.KW, s.Stride, s.Pad = 3, 3, 1, 1
		r := newRand(4)
		nx, nw, ny := s.lens()
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		k := newWinograd(s.H, s.W, s.C, s.O, false)
		u := k.weights(w, false)
		for _, add := range []bool{false, true} {
			want, got := randoms(newRand(5), ny), newGuarded(randoms(newRand(5), ny))
			k.convolveAll(want, x, u.data, s.N, add)
			k.convolveDeep(got.data, x, u.data, s.N, add)
			require.Equal(t, want, got.data, "%+v", s)
			got.check(t)
		}
		want, got := make([]float32, nw), newGuarded(make([]float32, nw))
		s.weightGradPlain(x, dy, want)
		k.weightGradDeep(got.data, x, dy, s.N)
		require.Less(t, relativeError(toFloat64(want), got.data), 2e-5, "%+v", s)
		got.check(t)
		act := &Activation{Scale: randoms(r, s.C), Shift: randoms(r, s.C)}
		s.Before, k.before = act, act
		activated, scratch := s.activated(x)
		s.Before = nil
		clear(want)
		clear(got.data)
		s.weightGradPlain(activated, dy, want)
		putScratch(scratch)
		k.weightGradDeep(got.data, x, dy, s.N)
		require.Less(t, relativeError(toFloat64(want), got.data), 2e-5, "%+v", s)
	}
}

// TestWinogradManyWeights: weights that the second-level cache has no room for are multiplied plane by plane.
func TestWinogradManyWeights(t *testing.T) {
	s := Conv{N: 3, H: 13, W: 14, C: 256, KH: 3, KW: 3, O: 260, Stride: 1, Pad: 1}
	r := newRand(2)
	nx, nw, ny := s.lens()
	x, dy, want := randoms(r, nx), randoms(r, ny), make([]float32, nw)
	s.weightGradPlain(x, dy, want)
	exact := make([]float64, nw)
	for i, v := range want {
		exact[i] = float64(v)
	}
	sameBits(t, func() []float32 {
		dw := make([]float32, nw)
		ConvWeightGrad(s, x, dy, dw)
		require.Less(t, relativeError(exact, dw), 1e-5)
		return dw
	})

	s = Conv{N: 2, H: 4, W: 5, C: 264, KH: 3, KW: 3, O: 520, Stride: 1, Pad: 1}
	nx, nw, ny = s.lens()
	var w []float32
	x, w, dy = randoms(r, nx), randoms(r, nw), randoms(r, ny)
	exactY, exactX := make([]float64, ny), make([]float64, nx)
	eachTap(s, func(i, j, k int) {
		exactY[k] += float64(x[i]) * float64(w[j])
		exactX[i] += float64(dy[k]) * float64(w[j])
	})
	sameBits(t, func() []float32 {
		y, dx := newGuarded(make([]float32, ny)), newGuarded(make([]float32, nx))
		ConvForward(s, x, w, nil, y.data)
		ConvInputGrad(s, dy, w, dx.data, false)
		require.Less(t, relativeError(exactY, y.data), 2e-5)
		require.Less(t, relativeError(exactX, dx.data), 2e-5)
		y.check(t)
		dx.check(t)
		one := s
		one.N = 1
		alone := make([]float32, ny/2)
		ConvForward(one, x, w, nil, alone)
		require.Equal(t, y.data[:ny/2], alone, "an image gives the same in any batch")
		return append(y.data, dx.data...)
	})
}

// TestWinogradNonFinite: a pixel that is not finite spoils at least the outputs that read it, and no more than its tiles.
func TestWinogradNonFinite(t *testing.T) {
	s := Conv{N: 8, H: 8, W: 8, C: 8, KH: 3, KW: 3, O: 8, Stride: 1, Pad: 1}
	r := newRand(9)
	nx, nw, ny := s.lens()
	x, w, y := randoms(r, nx), randoms(r, nw), make([]float32, ny)
	x[(2*8+4)*8] = nan32 // of the first image, line 2, column 4
	ConvForward(s, x, w, nil, y)
	for p := range s.N * 64 {
		image, line, column := p/64, p/8%8, p%8
		bad := y[p*8] != y[p*8]
		if image == 0 && line >= 1 && line <= 3 && column >= 3 && column <= 5 {
			require.True(t, bad, "line %d, column %d", line, column)
		}
		if image > 0 || line > 3 {
			require.False(t, bad, "image %d, line %d, column %d", image, line, column)
		}
	}
}
