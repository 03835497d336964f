package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// relativeError is the largest error, as a part of the root mean square of what is wanted.
func relativeError(want []float64, got []float32) float64 {
	var worst, squares float64
	for i, w := range want {
		worst = max(worst, math.Abs(w-float64(got[i])))
		squares += w * w
	}
	return worst / math.Sqrt(squares/float64(len(want)))
}

// TestLargestErrors bounds the errors of products and convolutions against float64, and reports them with -v.
func TestLargestErrors(t *testing.T) {
	report := func(what string, want []float64, got []float32, most float64) {
		e := relativeError(want, got)
		t.Logf("%-7s %-44s %.1e", Level(), what, e)
		require.Less(t, e, most, what)
	}
	for _, n := range []int{128, 300} {
		g := gemmCase{m: n, n: n, k: n, alpha: 1}
		r := newRand(1)
		a, b, c := randoms(r, n*n), randoms(r, n*n), make([]float32, n*n)
		Gemm(false, false, n, n, n, 1, a, n, b, n, 0, c, n)
		report(fmt.Sprintf("gemm %d", n), g.naive(a, b, c), c, 4e-6)
	}
	for _, s := range []Conv{
		{N: 1, H: 32, W: 32, C: 16, KH: 3, KW: 3, O: 16, Stride: 1, Pad: 1},
		{N: 2, H: 16, W: 16, C: 32, KH: 3, KW: 3, O: 32, Stride: 1, Pad: 1},
		{N: 4, H: 16, W: 16, C: 32, KH: 3, KW: 3, O: 64, Stride: 2, Pad: 1},
		{N: 8, H: 8, W: 8, C: 64, KH: 3, KW: 3, O: 64, Stride: 1, Pad: 1},
		{N: 1, H: 42, W: 42, C: 3, KH: 7, KW: 7, O: 32, Stride: 2, Pad: 3},
		{N: 2, H: 8, W: 8, C: 128, KH: 1, KW: 1, O: 64, Stride: 1, Pad: 0},
		{N: 2, H: 8, W: 8, C: 64, KH: 1, KW: 1, O: 96, Stride: 2, Pad: 0},
		{N: 6, H: 14, W: 14, C: 128, KH: 1, KW: 1, O: 512, Stride: 1, Pad: 0}, // weight gradients as products, in partial sums
		{N: 2, H: 7, W: 8, C: 256, KH: 3, KW: 3, O: 256, Stride: 2, Pad: 1},
	} {
		r := newRand(2)
		nx, nw, ny := s.lens()
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		wantY, wantDX, wantDW := make([]float64, ny), make([]float64, nx), make([]float64, nw)
		eachTap(s, func(i, j, k int) {
			wantY[k] += float64(x[i]) * float64(w[j])
			wantDX[i] += float64(dy[k]) * float64(w[j])
			wantDW[j] += float64(dy[k]) * float64(x[i])
		})
		check := func(name string, most float64, forward func(y []float32), input, weight func(d []float32)) {
			y, dx, dw := make([]float32, ny), make([]float32, nx), make([]float32, nw)
			forward(y)
			input(dx)
			weight(dw)
			name = fmt.Sprintf("%dx%d of %dx%d %d-%d /%d %s", s.KH, s.KW, s.H, s.W, s.C, s.O, s.Stride, name)
			more := max(1, math.Sqrt(float64(s.KH*s.KW*s.C)/576)) // sums of more terms than ResNet-32 has
			report(name+" forward", wantY, y, most*more)
			report(name+" input gradient", wantDX, dx, most*more)
			report(name+" weight gradient", wantDW, dw, most)
		}
		check("plain", 5e-6, func(y []float32) { plainForward(s, x, w, y) },
			func(dx []float32) { s.inputGradPlain(dy, w, dx, false) }, func(dw []float32) { s.weightGradPlain(x, dy, dw) })
		if s.winograd() {
			check("Winograd", 1e-5, func(y []float32) { ConvForward(s, x, w, nil, y) },
				func(dx []float32) { ConvInputGrad(s, dy, w, dx, false) }, func(dw []float32) { ConvWeightGrad(s, x, dy, dw) })
		}
	}
}

// plainForward is ConvForward without Winograd's algorithm.
func plainForward(s Conv, x, w, y []float32) {
	k := &KeptConv{}
	u := k.arrange(s, w)
	defer putScratch(u)
	k.values = u.data
	k.Forward(s, x, nil, y)
}

// TestLargestErrorsInGroups does so for convolutions in groups.
func TestLargestErrorsInGroups(t *testing.T) {
	for _, c := range []struct {
		Conv
		groups int
	}{
		{Conv{N: 2, H: 14, W: 14, C: 64, KH: 3, KW: 3, O: 64, Stride: 1, Pad: 1}, 16},
		{Conv{N: 2, H: 14, W: 14, C: 64, KH: 3, KW: 3, O: 64, Stride: 2, Pad: 1}, 16},
		{Conv{N: 2, H: 14, W: 14, C: 64, KH: 3, KW: 3, O: 64, Stride: 1, Pad: 1}, 64},
	} {
		s, r := c.Conv, newRand(2)
		nx, ny, nw := s.N*s.H*s.W*s.C, s.N*s.OutH()*s.OutW()*s.O, s.KH*s.KW*s.C/c.groups*s.O
		x, w, dy := randoms(r, nx), randoms(r, nw), randoms(r, ny)
		wantY, wantDX, wantDW := make([]float64, ny), make([]float64, nx), make([]float64, nw)
		eachGroupedTap(s, c.groups, func(i, j, k int) {
			wantY[k] += float64(x[i]) * float64(w[j])
			wantDX[i] += float64(dy[k]) * float64(w[j])
			wantDW[j] += float64(dy[k]) * float64(x[i])
		})
		y, dx, dw := make([]float32, ny), make([]float32, nx), make([]float32, nw)
		GroupedConvForward(s, c.groups, x, w, nil, y)
		GroupedConvBackward(s, c.groups, dy, x, w, dx, false, dw)
		for _, e := range []struct {
			what string
			size float64
		}{{"forward", relativeError(wantY, y)}, {"input gradient", relativeError(wantDX, dx)}, {"weight gradient", relativeError(wantDW, dw)}} {
			t.Logf("%-7s 3x3 of 14x14 64-64 /%d in %d groups %s %.1e", Level(), s.Stride, c.groups, e.what, e.size)
			require.Less(t, e.size, 5e-6, e.what)
		}
	}
}

// The exponential behind softmax, in units of the last place of float32.
func TestExpError(t *testing.T) {
	r := newRand(3)
	x := make([]float32, 1<<16)
	for _, top := range []float32{0, 20.3, -7.77, 1e4} {
		var worst float64
		for i := range x {
			x[i] = top - float32(math.Exp(9*r.Float64()-4.5)) // up to 90: down to the smallest normal value
		}
		x[0] = top
		y := make([]float32, len(x))
		expTo(y, x, float64(top), 1)
		var sum float64
		for i, v := range x {
			want := math.Exp(float64(v) - float64(top))
			sum += want
			ulp := math.Ldexp(1, max(math.Ilogb(want), -126)-23)
			worst = max(worst, math.Abs(want-float64(y[i]))/ulp)
		}
		require.LessOrEqual(t, worst, 2.0, "top %g", top)
		t.Logf("%-7s top %g: %.2f ulp", Level(), top, worst)
		_, got := sumExp(x)
		require.InEpsilon(t, sum, got, 1e-6)
	}
}

func TestExpExtremes(t *testing.T) {
	x := []float32{ninf32, -3e38, -110, -104.5, -100, -88, 0, nan32, -1, 0, 0, -2, 0, 0, 0, 0, nan32}
	y := newGuarded(make([]float32, len(x)))
	expTo(y.data, x, 0, 1)
	y.check(t)
	want := make([]float64, len(x))
	for i, v := range x {
		want[i] = math.Exp(float64(v))
	}
	near(t, want, y.data, 1e-6)
	require.Zero(t, y.data[1])
	require.InEpsilon(t, math.Exp(-100), float64(y.data[4]), 0.1, "denormal")
}

func TestMaximum(t *testing.T) {
	for n := range 70 {
		x := randoms(newRand(uint64(n)), n)
		for i := range x {
			x[i] -= 5 // the lanes that are not there must not count
		}
		want := ninf32
		for _, v := range x {
			want = max(want, v)
		}
		require.Equal(t, want, maximum(x), "%d", n)
		for i := range x {
			old := x[i]
			x[i] = nan32
			require.True(t, math.IsNaN(float64(maximum(x))), "%d of %d", i, n)
			x[i] = inf32
			require.Equal(t, inf32, maximum(x))
			x[i] = old
		}
	}
}
