package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDot(t *testing.T) {
	sizes := []int{127, 1000, dotRun - 1, dotRun, dotRun + 1, 3*dotRun + 5, vectorTask, vectorTask + 1, 3*vectorTask - 7}
	for n := range 140 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		x, y := newGuarded(randoms(newRand(1), n)), newGuarded(randoms(newRand(2), n))
		for i := range guardWords { // what lies beside the vectors must not count
			x.all[i], y.all[i] = nan32, nan32
			x.all[len(x.all)-1-i], y.all[len(y.all)-1-i] = nan32, nan32
		}
		var want, magnitude float64
		for i, v := range x.data {
			want += float64(v) * float64(y.data[i])
			magnitude += math.Abs(float64(v) * float64(y.data[i]))
		}
		require.InDelta(t, want, float64(Dot(x.data, y.data)), 2.5e-7*magnitude, "%d", n)
	}
	require.Equal(t, float32(6), Dot([]float32{2}, []float32{3, nan32}))
}

func TestDotNotFinite(t *testing.T) {
	for n := 1; n < 140; n++ {
		x, ones := make([]float32, n), make([]float32, n)
		Fill(ones, 1)
		for i := range n {
			for _, v := range []float32{inf32, ninf32} {
				x[i] = v
				require.Equal(t, v, Dot(x, ones), "%d of %d", i, n)
			}
			x[i] = nan32
			require.True(t, math.IsNaN(float64(Dot(ones, x))), "%d of %d", i, n)
			x[i] = 0
		}
	}
}

// naiveGemv is the definition, in float64, and the sum of the magnitudes of its terms.
func naiveGemv(trans bool, m, n int, alpha float32, a []float32, lda int, x []float32, beta float32,
	y []float32) (want, magnitude []float64) {
	want, magnitude = make([]float64, len(y)), make([]float64, len(y))
	for i := range m {
		for j := range n {
			at, from := i, j
			if trans {
				at, from = j, i
			}
			term := float64(alpha) * float64(a[i*lda+j]) * float64(x[from])
			want[at] += term
			magnitude[at] += math.Abs(term)
		}
	}
	if beta != 0 {
		for i, v := range y {
			want[i] += float64(beta) * float64(v)
			magnitude[i] += math.Abs(float64(beta) * float64(v))
		}
	}
	return want, magnitude
}

func TestGemvSizes(t *testing.T) {
	check := func(trans bool, m, n, pad int, alpha, beta float32) {
		lenX, lenY := n, m
		if trans {
			lenX, lenY = m, n
		}
		r := newRand(uint64(m*1000 + n))
		lda := n + pad
		a, x := randoms(r, (m-1)*lda+n), randoms(r, lenX)
		for i := range a {
			if i%lda >= n {
				a[i] = nan32
			}
		}
		y := newGuarded(randoms(r, lenY))
		want, magnitude := naiveGemv(trans, m, n, alpha, a, lda, x, beta, y.data)
		if beta == 0 {
			Fill(y.data, nan32)
		}
		Gemv(trans, m, n, alpha, a, lda, x, beta, y.data)
		y.check(t)
		for i, w := range want {
			if d := math.Abs(w - float64(y.data[i])); !(d <= 5e-7*magnitude[i]) {
				t.Fatalf("trans %v, %d×%d, lda %d, alpha %g, beta %g, element %d: want %g, got %g",
					trans, m, n, lda, alpha, beta, i, w, y.data[i])
			}
		}
	}
	for _, trans := range []bool{false, true} {
		for m := 1; m <= 70; m++ {
			for n := 1; n <= 70; n++ {
				check(trans, m, n, (m+n)%3, 1-float32(m%3), float32(n%3)-1)
			}
		}
		for _, size := range [][2]int{
			{gemvRows + 1, gemvCols + 1}, {3*gemvRows - 1, 37}, {7, dotRun + 3}, {6, vectorTask + 9}, {vectorTask/2 + 3, 3},
			{4, vectorTask}, {700, 400},
		} {
			check(trans, size[0], size[1], 0, 1, 0)
			check(trans, size[0], size[1], 1, -0.5, 2)
		}
	}
}

func TestProductsWithAVectorSameBits(t *testing.T) {
	const m, n = 700, 900
	r := newRand(3)
	a, x := randoms(r, m*n), randoms(r, n)
	sameBits(t, func() []float32 { return []float32{Dot(a[1:], a)} })
	for _, trans := range []bool{false, true} {
		sameBits(t, func() []float32 {
			y := make([]float32, n)
			Gemv(trans, m, n, 1, a, n, x, 0, y)
			return y
		})
	}
}
