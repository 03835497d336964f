package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMaxPoolAgainstDefinition(t *testing.T) {
	for _, s := range []struct{ n, h, w, c, k, stride, pad int }{
		{2, 7, 9, 3, 3, 2, 1}, {1, 8, 8, 5, 2, 2, 0}, {3, 5, 4, 1, 1, 1, 0}, {2, 6, 5, 2, 5, 3, 2}, {0, 4, 4, 2, 2, 2, 0},
		{1, 1, 1, 1, 1, 1, 0}, {1, 112, 80, 7, 3, 2, 1}, {1, 6, 5, 8, 3, 2, 1}, {2, 6, 5, 15, 3, 2, 1}, {1, 6, 5, 16, 3, 2, 1},
		{1, 6, 5, 33, 3, 2, 1}, {1, 5, 6, 1000, 3, 2, 1},
	} {
		r := newRand(1)
		outH, outW := OutSize(s.h, s.k, s.stride, s.pad), OutSize(s.w, s.k, s.stride, s.pad)
		x := randoms(r, s.n*s.h*s.w*s.c)
		ny := s.n * outH * outW * s.c
		y, dy := newGuarded(make([]float32, ny)), randoms(r, ny)
		arg := make([]int32, ny)
		dx := newGuarded(randoms(r, len(x)))
		want, wantDX := make([]float64, ny), toFloat64(dx.data)
		for i := range want {
			j, ox, oy, n := i%s.c, i/s.c%outW, i/s.c/outW%outH, i/s.c/outW/outH
			best, from := math.Inf(-1), -1
			for py := oy*s.stride - s.pad; py < oy*s.stride-s.pad+s.k; py++ {
				for px := ox*s.stride - s.pad; px < ox*s.stride-s.pad+s.k; px++ {
					if py < 0 || px < 0 || py >= s.h || px >= s.w {
						continue
					}
					at := ((n*s.h+py)*s.w+px)*s.c + j
					if float64(x[at]) > best {
						best, from = float64(x[at]), at
					}
				}
			}
			want[i] = best
			wantDX[from] += float64(dy[i])
		}
		MaxPool(x, s.n, s.h, s.w, s.c, s.k, s.stride, s.pad, y.data, arg)
		near(t, want, y.data, 0, fmt.Sprint(s))
		y.check(t)
		clear(y.data)
		MaxPool(x, s.n, s.h, s.w, s.c, s.k, s.stride, s.pad, y.data, nil)
		near(t, want, y.data, 0, fmt.Sprint(s))
		MaxPoolGrad(dy, arg, s.n, s.h, s.w, s.c, s.k, s.stride, s.pad, dx.data)
		near(t, wantDX, dx.data, 1e-5, fmt.Sprint(s))
		dx.check(t)
	}
}

func TestMaxPoolDegenerate(t *testing.T) {
	y, arg := make([]float32, 1), make([]int32, 1)
	for _, c := range []struct {
		x    []float32
		y    float32
		from int32
	}{
		{[]float32{1, nan32, 3, 4}, nan32, 1},
		{[]float32{nan32, 2, nan32, 9}, nan32, 0},
		{[]float32{5, 5, 5, 5}, 5, 0},
		{[]float32{ninf32, ninf32, ninf32, ninf32}, ninf32, 0},
		{[]float32{1, 2, inf32, 4}, inf32, 2},
	} {
		MaxPool(c.x, 1, 2, 2, 1, 2, 2, 0, y, arg)
		near(t, []float64{float64(c.y)}, y, 0)
		require.Equal(t, c.from, arg[0])
	}

	// Other channels change nothing, whatever part of a vector a channel is in.
	four := [][4]float32{{1, nan32, 3, 4}, {nan32, 2, nan32, 9}, {5, 5, 5, 5}, {ninf32, ninf32, ninf32, ninf32}, {1, 2, inf32, 4}, {0, 1, 2, 3}}
	for c := range 70 {
		x, y, arg := make([]float32, 4*c), newGuarded(make([]float32, c)), make([]int32, c+1)
		arg[c] = 77
		for j := range c {
			for p := range 4 {
				x[p*c+j] = four[j%6][p]
			}
		}
		MaxPool(x, 1, 2, 2, c, 2, 2, 0, y.data, arg[:c])
		for j, v := range y.data {
			near(t, []float64{[]float64{math.NaN(), math.NaN(), 5, math.Inf(-1), math.Inf(1), 3}[j%6]}, []float32{v}, 0, c, j)
			require.Equal(t, []int32{1, 0, 0, 0, 2, 3}[j%6], arg[j], "%d channels, channel %d", c, j)
		}
		y.check(t)
		require.EqualValues(t, 77, arg[c])
	}

	y, arg = make([]float32, 9), make([]int32, 9) // only the middle window meets the image
	MaxPool([]float32{3}, 1, 1, 1, 1, 1, 1, 1, y, arg)
	require.Equal(t, []int32{-1, -1, -1, -1, 0, -1, -1, -1, -1}, arg)
	require.Equal(t, float32(3), y[4])
	require.Equal(t, ninf32, y[0])
	dx := []float32{1}
	MaxPoolGrad([]float32{1, 1, 1, 1, 7, 1, 1, 1, 1}, arg, 1, 1, 1, 1, 1, 1, 1, dx)
	require.Equal(t, []float32{8}, dx)
}

func TestGlobalAvgPool(t *testing.T) {
	shapes := []struct{ n, h, w, c int }{{2, 3, 5, 7}, {1, 1, 1, 1}, {0, 2, 2, 2}, {5, 8, 8, 64}, {2, 2, 2, 1000}}
	for c := range 70 {
		shapes = append(shapes, struct{ n, h, w, c int }{2, 3, 2, c})
	}
	for _, s := range shapes {
		r := newRand(1)
		x, dy := randoms(r, s.n*s.h*s.w*s.c), randoms(r, s.n*s.c)
		dx := newGuarded(randoms(r, len(x)))
		want, wantDX := make([]float64, s.n*s.c), toFloat64(dx.data)
		for i, v := range x {
			at := i/(s.h*s.w*s.c)*s.c + i%s.c
			want[at] += float64(v) / float64(s.h*s.w)
			wantDX[i] += float64(dy[at]) / float64(s.h*s.w)
		}
		y := newGuarded(make([]float32, s.n*s.c))
		GlobalAvgPool(x, s.n, s.h, s.w, s.c, y.data)
		near(t, want, y.data, 1e-6)
		y.check(t)
		GlobalAvgPoolGrad(dy, s.n, s.h, s.w, s.c, dx.data)
		near(t, wantDX, dx.data, 1e-6)
		dx.check(t)
	}
}

func TestGlobalAvgPoolNonFinite(t *testing.T) {
	const c = 21
	for _, bad := range []float32{nan32, inf32, ninf32} {
		for j := range c {
			x, y := make([]float32, 3*c), make([]float32, c)
			x[c+j] = bad
			GlobalAvgPool(x, 1, 3, 1, c, y)
			want := make([]float64, c)
			want[j] = float64(bad)
			near(t, want, y, 0)
		}
	}
}

func TestPoolSameBits(t *testing.T) {
	r := newRand(1)
	x, dy := randoms(r, 5*9*9*3), randoms(r, 5*5*5*3)
	sameBits(t, func() []float32 {
		y, dx, arg, avg := make([]float32, len(dy)), make([]float32, len(x)), make([]int32, len(dy)), make([]float32, 15)
		MaxPool(x, 5, 9, 9, 3, 3, 2, 1, y, arg)
		MaxPoolGrad(dy, arg, 5, 9, 9, 3, 3, 2, 1, dx)
		GlobalAvgPool(x, 5, 9, 9, 3, avg)
		return append(append(y, dx...), avg...)
	})
}
