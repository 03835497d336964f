package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSmoothActivationsOfAnyLength(t *testing.T) {
	for _, n := range []int{0, 1, 7, 64, 1000, 9001} {
		r := newRand(uint64(n))
		x, dy := randoms(r, n), randoms(r, n)
		if n > 2 {
			x[0], x[1] = nan32, 1e30
		}
		for _, f := range []struct {
			value func(y, x []float32)
			grad  func(dx, dy, x []float32)
			want  func(x float64) float64
		}{
			{Gelu, GeluGrad, func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }},
			{GeluTanh, GeluTanhGrad, func(x float64) float64 {
				return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
			}},
			{Silu, SiluGrad, func(x float64) float64 { return x / (1 + math.Exp(-x)) }},
		} {
			y, dx := newGuarded(make([]float32, n)), newGuarded(randoms(r, n))
			want, slope := make([]float64, n), toFloat64(dx.data)
			for i, v := range toFloat64(x) {
				h := 1e-5 * max(1, math.Abs(v))
				want[i] = f.want(v)
				slope[i] += float64(dy[i]) * (f.want(v+h) - f.want(v-h)) / (2 * h)
			}
			f.value(y.data, x)
			f.grad(dx.data, dy, x)
			near(t, want, y.data, 1e-6)
			near(t, slope, dx.data, 1e-5)
			y.check(t)
			dx.check(t)
			f.value(x, x)
			near(t, toFloat64(y.data), x, 0, "in place")
		}
	}
}

func TestLayerNormKernel(t *testing.T) {
	for _, s := range [][2]int{{0, 3}, {3, 0}, {1, 1}, {5, 7}, {300, 100}} {
		rows, cols := s[0], s[1]
		r := newRand(uint64(cols))
		x, gamma, beta := randoms(r, rows*cols), randoms(r, cols), randoms(r, cols)
		if len(x) > 100 {
			x[2*cols+5] = inf32 // spoils its row alone
		}
		y, mean, invStd := newGuarded(make([]float32, rows*cols)), newGuarded(make([]float32, rows)), newGuarded(make([]float32, rows))
		want := make([]float64, rows*cols)
		for i := range rows {
			m, v := 0.0, 0.0
			for _, a := range x[i*cols : (i+1)*cols] {
				m += float64(a) / float64(cols)
			}
			for _, a := range x[i*cols : (i+1)*cols] {
				v += (float64(a) - m) * (float64(a) - m) / float64(cols)
			}
			for j := range cols {
				want[i*cols+j] = (float64(x[i*cols+j])-m)/math.Sqrt(v+1e-5)*float64(gamma[j]) + float64(beta[j])
			}
		}
		LayerNorm(y.data, mean.data, invStd.data, x, gamma, beta, rows, cols, 1e-5)
		near(t, want, y.data, 1e-5)
		for _, g := range []guarded{y, mean, invStd} {
			g.check(t)
		}
		dy := randoms(r, rows*cols)
		sameBits(t, func() []float32 {
			dx, dgamma, dbeta := newGuarded(make([]float32, rows*cols)), newGuarded(make([]float32, cols)), newGuarded(make([]float32, cols))
			LayerNormGrad(dx.data, dy, x, gamma, mean.data, invStd.data, rows, cols)
			LayerNormParamGrad(dgamma.data, dbeta.data, dy, x, mean.data, invStd.data, rows, cols)
			for _, g := range []guarded{dx, dgamma, dbeta} {
				g.check(t)
			}
			return append(append(dx.data, dgamma.data...), dbeta.data...)
		})
	}
}

func TestAdaptiveAvgPoolKernel(t *testing.T) {
	for _, s := range []struct{ n, h, w, c, outH, outW int }{{2, 5, 7, 3, 2, 3}, {1, 3, 2, 17, 4, 5}, {0, 4, 4, 2, 2, 2}, {3, 8, 8, 33, 1, 1}, {1, 1, 1, 1, 1, 1}} {
		r := newRand(1)
		x, dy := randoms(r, s.n*s.h*s.w*s.c), randoms(r, s.n*s.outH*s.outW*s.c)
		y, dx := newGuarded(make([]float32, len(dy))), newGuarded(randoms(r, len(x)))
		want, wantDX := make([]float64, len(dy)), toFloat64(dx.data)
		for i := range want {
			c, ox, oy, n := i%s.c, i/s.c%s.outW, i/s.c/s.outW%s.outH, i/s.c/s.outW/s.outH
			var seen []int
			for iy := range s.h {
				for ix := range s.w { // a pixel is part of each window that it touches
					if iy*s.outH < (oy+1)*s.h && (iy+1)*s.outH > oy*s.h && ix*s.outW < (ox+1)*s.w && (ix+1)*s.outW > ox*s.w {
						seen = append(seen, ((n*s.h+iy)*s.w+ix)*s.c+c)
					}
				}
			}
			for _, at := range seen {
				want[i] += float64(x[at]) / float64(len(seen))
				wantDX[at] += float64(dy[i]) / float64(len(seen))
			}
		}
		AdaptiveAvgPool(x, s.n, s.h, s.w, s.c, s.outH, s.outW, y.data)
		near(t, want, y.data, 1e-6)
		y.check(t)
		AdaptiveAvgPoolGrad(dy, s.n, s.h, s.w, s.c, s.outH, s.outW, dx.data)
		near(t, wantDX, dx.data, 1e-5)
		dx.check(t)
	}
}

func TestDropoutKernel(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 257, 40000} {
		x := randoms(newRand(1), n)
		if n > 300 {
			x[100], x[200] = nan32, inf32
		}
		y, dx := newGuarded(make([]float32, n)), newGuarded(make([]float32, n))
		Dropout(y.data, x, 0.75, 5)
		ones := make([]float32, n)
		for i := range ones {
			ones[i] = 1
		}
		DropoutGrad(dx.data, ones, 0.75, 5)
		for i, g := range dx.data {
			require.Contains(t, []float32{0, 1 / float32(0.75)}, g)
			if want := x[i] * g; g == 0 {
				require.Zero(t, y.data[i], "even of NaN")
			} else if want == want {
				require.Equal(t, want, y.data[i])
			}
		}
		y.check(t)
		dx.check(t)
		sameBits(t, func() []float32 {
			y := make([]float32, n)
			Dropout(y, dx.data, 0.5, 9)
			return y
		})
	}
}

func TestBroadcastAndPermuteStayWithinTheirResult(t *testing.T) {
	r := newRand(3)
	for _, s := range [][2][]int{{{40, 50, 3}, {50, 1}}, {{1, 700}, {90, 1}}, {{0, 4}, {4}}, {{}, {}}, {{6}, {}}} {
		b, ok := NewBroadcast(s[0], s[1])
		require.True(t, ok)
		count := func(shape []int) int {
			n := 1
			for _, d := range shape {
				n *= d
			}
			return n
		}
		x, z := randoms(r, count(s[0])), randoms(r, count(s[1]))
		dy := randoms(r, count(b.Shape()))
		sameBits(t, func() []float32 {
			y, dx, dz := newGuarded(make([]float32, len(dy))), newGuarded(make([]float32, len(x))), newGuarded(make([]float32, len(z)))
			b.Mul(y.data, x, z)
			b.Grad(dx.data, dy, z)
			b.Swap().Grad(dz.data, dy, x)
			for _, g := range []guarded{y, dx, dz} {
				g.check(t)
			}
			// ⟨y, dy⟩ = ⟨x, dx⟩ = ⟨z, dz⟩
			inner := dotWide(y.data, dy)
			require.InDelta(t, inner, dotWide(x, dx.data), 1e-3)
			require.InDelta(t, inner, dotWide(z, dz.data), 1e-3)
			return append(append(y.data, dx.data...), dz.data...)
		})
	}
	_, ok := NewBroadcast([]int{2, 3}, []int{2})
	require.False(t, ok)

	for _, s := range [][2][]int{{{30, 20, 40}, {2, 0, 1}}, {{3, 0, 2}, {1, 0, 2}}, {{}, {}}, {{50, 60}, {1, 0}}, {{5, 6, 7}, {1, 0, 2}}} {
		shape, order, back := s[0], s[1], make([]int, len(s[1]))
		n, turned := 1, make([]int, len(shape))
		for i, o := range order {
			back[o], turned[i] = i, shape[o]
			n *= shape[i]
		}
		x := randoms(r, n)
		y, again, dx := newGuarded(make([]float32, n)), newGuarded(make([]float32, n)), newGuarded(make([]float32, n))
		Permute(y.data, x, shape, order)
		Permute(again.data, y.data, turned, back)
		PermuteGrad(dx.data, y.data, shape, order)
		require.Equal(t, x, again.data)
		require.Equal(t, x, dx.data)
		for _, g := range []guarded{y, again, dx} {
			g.check(t)
		}
	}
}
