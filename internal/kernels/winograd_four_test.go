package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The transforms of tiles of 4×4 outputs are those in Go, for any number of channels, and write nowhere else.
func TestWinogradFours(t *testing.T) {
	r := newRand(3)
	for c := 1; c <= 33; c++ {
		for tiles := 1; tiles <= 3; tiles++ {
			deep, lines := roundUp(c, current.winograd), 4*tiles*c+5
			plane := planeSize(tiles, deep)
			check := func(what string, want []float32, got guarded) {
				t.Helper()
				near(t, toFloat64(want), got.data, 1e-5, what)
				got.check(t)
			}
			x := randoms(r, 6*(lines+2*c))
			want, got := randoms(newRand(1), 36*plane), newGuarded(randoms(newRand(1), 36*plane))
			winogradInput4Generic(x, lines+2*c, c, want, plane, deep, tiles)
			winogradInput4(x, lines+2*c, c, got.data, plane, deep, tiles)
			check("input", want, got)

			want, got = randoms(newRand(1), 36*plane), newGuarded(randoms(newRand(1), 36*plane))
			winogradGradient4Generic(x, lines, c, want, plane, deep, tiles)
			winogradGradient4(x, lines, c, got.data, plane, deep, tiles)
			check("gradient", want, got)

			m, pixel := randoms(r, 36*plane), c+2
			for _, add := range []bool{false, true} {
				size := 3*(4*tiles*pixel+3) + 4*tiles*pixel - 2
				want, got = randoms(newRand(1), size), newGuarded(randoms(newRand(1), size))
				winogradOutput4Generic(m, plane, deep, want, 4*tiles*pixel+3, pixel, tiles, c, add)
				winogradOutput4(m, plane, deep, got.data, 4*tiles*pixel+3, pixel, tiles, c, add)
				check("output", want, got)
			}
		}
		w, tap, plane := randoms(r, 9*c+16), c+2, roundUp(c, current.lanes)+3
		want, got := randoms(newRand(1), 36*plane-3), newGuarded(randoms(newRand(1), 36*plane-3))
		winogradWeights4Generic(w, c, want, plane, c)
		winogradWeights4(w, c, got.data, plane, c)
		for p := range 36 {
			near(t, toFloat64(want[p*plane:][:c]), got.data[p*plane:][:c], 1e-5, "weights")
			whole := roundUp(c, current.lanes)
			require.Equal(t, make([]float32, whole-c), got.data[p*plane+c:p*plane+whole], "channels that fill a vector")
			if p < 35 {
				require.Equal(t, want[p*plane+whole:][:3], got.data[p*plane+whole:][:3], "behind a plane")
			}
		}
		got.check(t)
		du := randoms(r, 36*plane)
		want, got = randoms(newRand(1), 8*tap+c), newGuarded(randoms(newRand(1), 8*tap+c))
		winogradFold4Generic(du, plane, want, tap, c)
		winogradFold4(du, plane, got.data, tap, c)
		near(t, toFloat64(want), got.data, 1e-5, "fold")
		got.check(t)
	}
}

// Which tiles a layer goes by depends on its image and channels: those that need fewer products, if their weights fit the caches or
// products are slow.
func TestWinogradByFours(t *testing.T) {
	manyWeights := 2
	if Level() == "generic" {
		manyWeights = 4
	}
	for _, c := range []struct {
		size, channels, out int
	}{{56, 64, 4}, {28, 128, 4}, {14, 64, 4}, {8, 64, 4}, {7, 64, 4}, {6, 64, 2}, {5, 64, 2}, {3, 64, 4}, {2, 64, 2}, {7, 512, manyWeights}} {
		require.Equal(t, c.out, newWinograd(c.size, c.size, c.channels, c.channels, false).out, "%d", c.size)
		require.Equal(t, 2, newWinograd(c.size, c.size, c.channels, c.channels, true).out, "pairs of bfloat16 are rounded too much")
	}
}
