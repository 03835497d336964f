package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPadStride(t *testing.T) {
	for _, s := range []struct{ n, h, w, c, stride, outC int }{
		{2, 4, 6, 3, 2, 6}, {1, 5, 7, 2, 2, 5}, {3, 4, 4, 4, 1, 4}, {1, 7, 7, 1, 3, 2}, {0, 4, 4, 2, 2, 4},
	} {
		r := newRand(1)
		outH, outW := (s.h+s.stride-1)/s.stride, (s.w+s.stride-1)/s.stride
		x, dy := randoms(r, s.n*s.h*s.w*s.c), randoms(r, s.n*outH*outW*s.outC)
		dx, y := newGuarded(randoms(r, len(x))), newGuarded(randoms(r, len(dy)))
		want, wantDX := make([]float64, len(dy)), toFloat64(dx.data)
		for i := range want {
			j, ox, oy, n := i%s.outC-(s.outC-s.c)/2, i/s.outC%outW, i/s.outC/outW%outH, i/s.outC/outW/outH
			if j >= 0 && j < s.c {
				at := ((n*s.h+oy*s.stride)*s.w+ox*s.stride)*s.c + j
				want[i] = float64(x[at])
				wantDX[at] += float64(dy[i])
			}
		}
		PadStride(y.data, x, s.n, s.h, s.w, s.c, s.stride, s.outC)
		near(t, want, y.data, 0)
		y.check(t)
		PadStrideGrad(dx.data, dy, s.n, s.h, s.w, s.c, s.stride, s.outC)
		near(t, wantDX, dx.data, 1e-6)
		dx.check(t)
	}
}

func TestPadStridePutsOddChannelAfter(t *testing.T) {
	y := make([]float32, 4)
	PadStride(y, []float32{5}, 1, 1, 1, 1, 1, 4)
	require.Equal(t, []float32{0, 5, 0, 0}, y)
}
