package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The errors of Sigmoid and Tanh, in units of the last place of float32.
func TestActivationErrors(t *testing.T) {
	const n = 1 << 19
	x, y := make([]float32, 2*n), make([]float32, 2*n)
	for i := range n { // every 4,096th value from 0 to Inf, of either sign
		x[i] = math.Float32frombits(uint32(i) << 12 % 0x7f800000)
		x[n+i] = -x[i]
	}
	for _, f := range []struct {
		name string
		run  func(y, x []float32)
		want func(x float64) float64
		most float64
	}{
		{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 3},
		{"Tanh", Tanh, math.Tanh, 3},
	} {
		f.run(y, x)
		var worst, at float64
		for i, v := range x {
			want := f.want(float64(v))
			ulp := math.Ldexp(1, max(math.Ilogb(want), -126)-23)
			if e := math.Abs(want-float64(y[i])) / ulp; e > worst {
				worst, at = e, float64(v)
			}
		}
		t.Logf("%-7s %-7s %.2f units at %g", Level(), f.name, worst, at)
		require.LessOrEqual(t, worst, f.most, "%s of %g", f.name, at)
	}
}

func TestActivationsNonFinite(t *testing.T) {
	for n := range 40 {
		for at := range n {
			for bad, want := range map[float32][2]float64{inf32: {1, 1}, ninf32: {0, -1}, nan32: {math.NaN(), math.NaN()}} {
				x, y := make([]float32, n), newGuarded(make([]float32, n))
				x[at] = bad
				Sigmoid(y.data, x)
				near(t, []float64{want[0]}, y.data[at:at+1], 0, n, at)
				for i, v := range y.data {
					require.True(t, i == at || v == 0.5)
				}
				Tanh(y.data, x)
				near(t, []float64{want[1]}, y.data[at:at+1], 0, n, at)
				for i, v := range y.data {
					require.True(t, i == at || v == 0)
				}
				y.check(t)
			}
		}
	}
}

func TestActivationsSameBits(t *testing.T) {
	x := randoms(newRand(1), 3*chunkSize+5)
	sameBits(t, func() []float32 {
		y, z := make([]float32, len(x)), make([]float32, len(x))
		Sigmoid(y, x)
		Tanh(z, x)
		return append(y, z...)
	})
}
