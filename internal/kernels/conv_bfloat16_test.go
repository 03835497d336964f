package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// convsOfBFloat16 are shapes for each of the ways a convolution may go.
var convsOfBFloat16 = []Conv{
	{N: 3, H: 16, W: 16, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
	{N: 2, H: 9, W: 7, C: 24, KH: 3, KW: 3, O: 10, Stride: 1, Pad: 1},
	{N: 2, H: 16, W: 15, C: 16, KH: 3, KW: 3, O: 32, Stride: 2, Pad: 1},
	{N: 3, H: 8, W: 8, C: 64, KH: 3, KW: 3, O: 64, Stride: 1, Pad: 1},
	{N: 5, H: 7, W: 7, C: 18, KH: 1, KW: 1, O: 70, Stride: 1},
	{N: 4, H: 6, W: 5, C: 34, KH: 1, KW: 1, O: 40, Stride: 2},
	{N: 3, H: 9, W: 9, C: 8, KH: 5, KW: 4, O: 8, Stride: 3, Pad: 2},
	{N: 2, H: 9, W: 9, C: 3, KH: 7, KW: 7, O: 16, Stride: 2, Pad: 3}, // an odd number of channels: float32
	{N: 3, H: 3, W: 1, C: 256, KH: 1, KW: 1, O: 256, Stride: 1},      // products, an odd number of pixels
	{N: 3, H: 2, W: 2, C: 256, KH: 3, KW: 3, O: 256, Stride: 2, Pad: 1},
	{N: 0, H: 5, W: 5, C: 8, KH: 1, KW: 1, O: 8, Stride: 1},
	{N: 1, H: 30, W: 600, C: 8, KH: 3, KW: 1, O: 8, Stride: 1, Pad: 1}, // in bands
}

// A convolution of bfloat16 is that of rounded numbers, whatever the processor has, and packing its result rounds it alone.
func TestConvOfBFloat16(t *testing.T) {
	for _, s := range convsOfBFloat16 {
		s.BFloat16 = true
		bfloat16, nearest := nearest, nearest
		if !s.rounds() {
			nearest = func(x float32) float32 { return x }
		}
		context := fmt.Sprintf("%+v", s)
		r := newRand(uint64(s.H*100 + s.C))
		nx, nw, ny := s.lens()
		x, w, dy, bias := randoms(r, nx), randoms(r, nw), randoms(r, ny), randoms(r, s.O)
		dx, dw := newGuarded(randoms(r, nx)), newGuarded(randoms(r, nw))
		wantY, wantDX, wantDW := make([]float64, ny), toFloat64(dx.data), toFloat64(dw.data)
		eachTap(s, func(i, j, k int) {
			wantY[k] += float64(nearest(x[i])) * float64(nearest(w[j]))
			wantDX[i] += float64(nearest(dy[k])) * float64(nearest(w[j]))
			wantDW[j] += float64(nearest(dy[k])) * float64(nearest(x[i]))
		})
		y, packed := newGuarded(make([]float32, ny)), newGuarded(make([]float32, Pairs(ny)))
		sum, sumsq := make([]float64, s.O), make([]float64, s.O)
		ConvForwardSums(s, x, w, y.data, sum, sumsq)
		nearInPairs(t, s, wantY, y.data, 1e-4, "forward "+context)
		y.check(t)
		p := s
		p.Packed = true
		packedSum, packedSumsq := make([]float64, s.O), make([]float64, s.O)
		ConvForwardSums(p, x, w, packed.data, packedSum, packedSumsq)
		unpacked := make([]float32, ny)
		FromBFloat16(unpacked, packed.data)
		for i, v := range y.data {
			same(t, bfloat16(v), unpacked[i], context)
		}
		require.InDeltaSlice(t, sum, packedSum, 1e-3, "sums are those before rounding")
		packed.check(t)

		for i := range wantY {
			wantY[i] += float64(bias[i%s.O])
		}
		ConvForward(s, x, w, bias, y.data)
		nearInPairs(t, s, wantY, y.data, 2e-4, "with bias "+context)
		form := s
		form.N = 0
		again := make([]float32, ny)
		KeepConv(form, w).Forward(s, x, bias, again)
		require.Equal(t, y.data, again, "kept weights give other bits: %s", context)

		ConvBackward(s, dy, nil, nil, x, w, dx.data, true, dw.data)
		nearInPairs(t, s, wantDX, dx.data, 2e-4, "input gradient "+context)
		nearInPairs(t, s, wantDW, dw.data, 4e-4, "weight gradient "+context)
		dx.check(t)
		dw.check(t)
		alone := make([]float32, nx)
		ConvBackward(s, dy, nil, nil, nil, w, alone, false, nil)
		for i := range wantDX {
			wantDX[i] = 0
		}
		eachTap(s, func(i, j, k int) { wantDX[i] += float64(nearest(dy[k])) * float64(nearest(w[j])) })
		nearInPairs(t, s, wantDX, alone, 2e-4, "input gradient set "+context)
	}
}

// nearInPairs is near, with the error of rounding inside Winograd's algorithm where that is in pairs.
func nearInPairs(t *testing.T, s Conv, want []float64, got []float32, tolerance float64, context string) {
	t.Helper()
	if s.inPairs() && s.winograd() {
		var squares float64
		for _, v := range want {
			squares += v * v
		}
		tolerance = 0.03 * math.Sqrt(squares/float64(len(want)))
	}
	near(t, want, got, tolerance, context)
}

// What the input goes through first, and a batch norm behind, give the bits of what is computed before: packed or not.
func TestConvOfBFloat16InParts(t *testing.T) {
	for _, s := range convsOfBFloat16 {
		if s.N == 0 || s.O%2 == 1 || s.C%2 == 1 {
			continue
		}
		s.BFloat16 = true
		r := newRand(uint64(s.H*100 + s.O))
		nx, nw, ny := s.lens()
		w, dy := randoms(r, nw), randoms(r, ny)
		x, conv := make([]float32, nx), make([]float32, ny)
		RoundBFloat16(x, randoms(r, nx))
		RoundBFloat16(conv, randoms(r, ny))
		norm := &Norm{Mean: randoms(r, s.O), K1: randoms(r, s.O), K2: randoms(r, s.O), K3: randoms(r, s.O), Scale: randoms(r, s.O), Shift: randoms(r, s.O)}
		act := Activation{Scale: randoms(r, s.C), Shift: randoms(r, s.C)}
		px, pconv := make([]float32, Pairs(nx)), make([]float32, Pairs(ny))
		ToBFloat16(px, x)
		ToBFloat16(pconv, conv)
		activated, gradient := make([]float32, nx), make([]float32, ny)
		ScaleShift(activated, x, act.Scale, act.Shift, nil, nx/s.C, s.C, true)
		norm.GradInput(gradient, dy, conv, ny/s.O, s.O)

		run := func(s Conv, x, dy []float32, norm *Norm, y []float32) (out [3][]float32) {
			dx, dw, result := make([]float32, nx), make([]float32, nw), make([]float32, ny)
			forward := s
			forward.Packed = false
			ConvForward(forward, x, w, nil, result)
			ConvBackward(s, dy, norm, append([]float32(nil), y...), x, w, dx, false, dw)
			return [3][]float32{dx, dw, result}
		}
		want := run(s, activated, gradient, nil, nil)
		s.Before = &act
		require.Equal(t, want, run(s, x, dy, norm, conv), "%+v", s)
		packedAct := act
		packedAct.Packed = true
		s.Before, s.Packed = &packedAct, true
		require.Equal(t, want, run(s, px, dy, norm, pconv), "packed: %+v", s)
		s.Before = nil
		want = run(s, x, dy, norm, pconv)
		s.Before = &Activation{Packed: true}
		require.Equal(t, want, run(s, px, dy, norm, pconv), "stored as it is multiplied: %+v", s)
	}
}

func TestConvOfBFloat16SameBits(t *testing.T) {
	for _, s := range []Conv{
		{N: 5, H: 16, W: 16, C: 16, KH: 3, KW: 3, O: 32, Stride: 2, Pad: 1},
		{N: 17, H: 8, W: 8, C: 32, KH: 3, KW: 3, O: 32, Stride: 1, Pad: 1},
		{N: 6, H: 14, W: 14, C: 256, KH: 1, KW: 1, O: 256, Stride: 1},
		{N: 1, H: 32, W: 16, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
	} {
		if s.C == 256 && current.lanes == 1 {
			continue // that takes long
		}
		s.BFloat16 = true
		r := newRand(2)
		nx, nw, ny := s.lens()
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		sameBits(t, func() []float32 {
			y, dx, dw := make([]float32, ny), make([]float32, nx), make([]float32, nw)
			ConvForward(s, x, w, nil, y)
			ConvBackward(s, dy, nil, nil, x, w, dx, false, dw)
			return append(append(y, dx...), dw...)
		})
	}
}
