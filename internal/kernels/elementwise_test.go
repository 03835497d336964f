package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

var elementSizes = []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 79, 100, 1000, chunkSize, chunkSize + 1, 3*chunkSize - 5}

func TestElementwiseMaps(t *testing.T) {
	for _, m := range []struct {
		name string
		run  func(y, x []float32)
		want func(x float64) float64
	}{
		{"Relu", Relu, func(x float64) float64 { return math.Max(x, 0) }},
		{"Sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		{"Tanh", Tanh, math.Tanh},
		{"addTo", addTo, func(x float64) float64 { return x + 2 }},
		{"AddScaled", func(y, x []float32) { AddScaled(y, -3, x) }, func(x float64) float64 { return 2 - 3*x }},
		{"Scale", func(y, x []float32) { copy(y, x); Scale(y, 1.5) }, func(x float64) float64 { return 1.5 * x }},
		{"Fill", func(y, _ []float32) { Fill(y, 7) }, func(float64) float64 { return 7 }},
	} {
		for _, n := range elementSizes {
			x := randoms(newRand(1), n)
			y := newGuarded(make([]float32, n))
			Fill(y.data, 2)
			m.run(y.data, x)
			want := make([]float64, n)
			for i, v := range x {
				want[i] = m.want(float64(v))
			}
			near(t, want, y.data, 1e-6, m.name, n)
			y.check(t)
		}
	}
}

func TestElementwiseGradients(t *testing.T) {
	for _, m := range []struct {
		name    string
		forward func(y, x []float32)
		grad    func(dx, dy, y []float32)
		slope   func(y float64) float64
	}{
		{"ReluGrad", Relu, ReluGrad, func(y float64) float64 {
			if y > 0 {
				return 1
			}
			return 0
		}},
		{"SigmoidGrad", Sigmoid, SigmoidGrad, func(y float64) float64 { return y * (1 - y) }},
		{"TanhGrad", Tanh, TanhGrad, func(y float64) float64 { return 1 - y*y }},
	} {
		for _, n := range elementSizes {
			r := newRand(2)
			y, dy, dx := randoms(r, n), randoms(r, n), newGuarded(randoms(r, n))
			m.forward(y, y)
			want := toFloat64(dx.data)
			for i := range want {
				want[i] += float64(dy[i]) * m.slope(float64(y[i]))
			}
			m.grad(dx.data, dy, y)
			near(t, want, dx.data, 1e-6, m.name, n)
			dx.check(t)
		}
	}
}

func TestElementwiseNonFinite(t *testing.T) {
	x := []float32{nan32, inf32, ninf32, float32(math.Copysign(0, -1)), -nan32}
	nan, inf := math.NaN(), math.Inf(1)
	y := make([]float32, len(x))
	Relu(y, x)
	near(t, []float64{nan, inf, 0, 0, nan}, y, 0)
	Sigmoid(y, x)
	near(t, []float64{nan, 1, 0, 0.5, nan}, y, 0)
	Tanh(y, x)
	near(t, []float64{nan, 1, -1, 0, nan}, y, 0)
}

func TestIfPositive(t *testing.T) {
	tiny := math.Float32frombits(1)
	for _, y := range []float32{0, float32(math.Copysign(0, -1)), 1, -1, tiny, -tiny, inf32, ninf32, nan32, -nan32, math.MaxFloat32} {
		want := float32(0)
		if y > 0 {
			want = -2.5
		}
		require.Equal(t, want, ifPositive(y, -2.5), "y = %g", y)
	}
	require.True(t, math.IsNaN(float64(ifPositive(1, nan32))))
}
