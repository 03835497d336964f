package kernels

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

var sgdSteps = []struct {
	SGD
	plain bool
}{
	{SGD{Rate: 0.1, Decay: 0.01}, true},
	{SGD{Rate: 0.1, Momentum: 0.9, Decay: 0.01}, false},
	{SGD{Rate: 0.1, Momentum: 0.9, Decay: 0.01, Nesterov: true}, false},
}

func TestSGDStep(t *testing.T) {
	for _, s := range sgdSteps {
		for _, n := range elementSizes {
			r := newRand(uint64(n))
			value, buf, grad := newGuarded(randoms(r, n)), newGuarded(randoms(r, n)), randoms(r, n)
			wantValue, wantBuf := toFloat64(value.data), toFloat64(buf.data)
			rate, mu := float64(s.Rate), float64(s.Momentum)
			for i := range wantValue {
				d := float64(grad[i]) + float64(s.Decay)*wantValue[i]
				switch {
				case s.plain:
					wantValue[i] -= rate * d
				case s.Nesterov:
					wantBuf[i] = mu*wantBuf[i] + d
					wantValue[i] -= rate * (d + mu*wantBuf[i])
				default:
					wantBuf[i] = mu*wantBuf[i] + d
					wantValue[i] -= rate * wantBuf[i]
				}
			}
			given := buf.data
			if s.plain {
				given = nil
			}
			SGDStep(s.SGD, value.data, given, grad)
			near(t, wantValue, value.data, 1e-6, fmt.Sprintf("%+v, %d", s, n))
			near(t, wantBuf, buf.data, 1e-6, fmt.Sprintf("%+v, %d", s, n))
			value.check(t)
			buf.check(t)
		}
	}
}

var adamStep = Adam{Rate: 0.1, Keep: 0.99, Decay: 0.02, Mix1: 0.1, Beta2: 0.999, Mix2: 0.001, Unbias: 0.3, Epsilon: 1e-8}

func TestAdamStep(t *testing.T) {
	a := adamStep
	for _, n := range elementSizes {
		r := newRand(uint64(n))
		value, mean, square, grad := newGuarded(randoms(r, n)), newGuarded(randoms(r, n)), newGuarded(randoms(r, n)), randoms(r, n)
		for i, v := range square.data {
			square.data[i] = v * v
		}
		wantValue, wantMean, wantSquare := toFloat64(value.data), toFloat64(mean.data), toFloat64(square.data)
		for i := range wantValue {
			x := wantValue[i] * float64(a.Keep)
			d := float64(grad[i]) + float64(a.Decay)*x
			wantMean[i] += (d - wantMean[i]) * float64(a.Mix1)
			wantSquare[i] = wantSquare[i]*float64(a.Beta2) + d*d*float64(a.Mix2)
			wantValue[i] = x - float64(a.Rate)*wantMean[i]/(math.Sqrt(wantSquare[i])/float64(a.Unbias)+float64(a.Epsilon))
		}
		AdamStep(a, value.data, mean.data, square.data, grad)
		near(t, wantValue, value.data, 1e-6, n)
		near(t, wantMean, mean.data, 1e-6, n)
		near(t, wantSquare, square.data, 1e-6, n)
		for _, g := range []guarded{value, mean, square} {
			g.check(t)
		}
	}
}

// A gradient that is not finite spoils its own element and no other.
func TestUpdatesNonFinite(t *testing.T) {
	const n = 37
	for _, bad := range []float32{nan32, inf32, ninf32} {
		for at := range n {
			grad := randoms(newRand(1), n)
			grad[at] = bad
			for _, s := range sgdSteps {
				value, buf := make([]float32, n), make([]float32, n)
				if s.plain {
					buf = nil
				}
				SGDStep(s.SGD, value, buf, grad)
				require.Equal(t, at, FirstNonFinite(value))
				require.Equal(t, -1, FirstNonFinite(value[at+1:]))
				near(t, []float64{-float64(bad)}, value[at:at+1], 0)
			}
			value := make([]float32, n)
			AdamStep(adamStep, value, make([]float32, n), make([]float32, n), grad)
			require.Equal(t, at, FirstNonFinite(value))
			require.Equal(t, -1, FirstNonFinite(value[at+1:]))
		}
	}
}

func TestUpdatesSameBits(t *testing.T) {
	const n = 5*chunkSize + 77
	r := newRand(1)
	start, grad := randoms(r, n), randoms(r, n)
	sameBits(t, func() []float32 {
		value, buf, mean, square := append([]float32{}, start...), make([]float32, n), make([]float32, n), make([]float32, n)
		for range 2 {
			SGDStep(sgdSteps[2].SGD, value, buf, grad)
			AdamStep(adamStep, value, mean, square, grad)
		}
		return value
	})
}
