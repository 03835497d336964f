package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// Gelu sets y = x·Φ(x), with Φ the distribution function of the normal distribution. y may alias x.
func Gelu(y, x []float32) {
	applyWide(y, x, func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) })
}

// GeluGrad adds dy·(Φ(x) + x·φ(x)) to dx.
func GeluGrad(dx, dy, x []float32) {
	addSlope(dx, dy, x, func(x float64) float64 {
		return 0.5*math.Erfc(-x/math.Sqrt2) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	})
}

// GeluTanh sets y = x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2. y may alias x.
func GeluTanh(y, x []float32) {
	applyWide(y, x, func(x float64) float64 { return 0.5 * x * (1 + geluTanh(x)) })
}

// GeluTanhGrad adds dy times the slope of GeluTanh at x to dx.
func GeluTanhGrad(dx, dy, x []float32) {
	addSlope(dx, dy, x, func(x float64) float64 {
		t := geluTanh(x)
		return 0.5*(1+t) + 0.5*x*(1-t*t)*geluScale*(1+3*geluCube*x*x)
	})
}

const (
	geluScale = 0.7978845608028654 // √(2/π)
	geluCube  = 0.044715
)

func geluTanh(x float64) float64 { return math.Tanh(geluScale * (x + geluCube*x*x*x)) }

// Silu sets y = x/(1+exp(−x)). y may alias x.
func Silu(y, x []float32) {
	applyWide(y, x, func(x float64) float64 { return x / (1 + math.Exp(-x)) })
}

// SiluGrad adds dy times the slope of Silu at x to dx.
func SiluGrad(dx, dy, x []float32) {
	addSlope(dx, dy, x, func(x float64) float64 {
		s := 1 / (1 + math.Exp(-x))
		return s * (1 + x*(1-s))
	})
}

// applyWide sets y = f(x) in float64.
func applyWide(y, x []float32, f func(float64) float64) {
	parallel.Range(len(x), expChunk, func(lo, hi int) {
		x, y := x[lo:hi], y[lo:hi]
		for i, v := range x {
			y[i] = float32(f(float64(v)))
		}
	})
}

// addSlope adds dy·slope(x) to dx.
func addSlope(dx, dy, x []float32, slope func(float64) float64) {
	parallel.Range(len(x), expChunk, func(lo, hi int) {
		dx, dy, x := dx[lo:hi], dy[lo:hi], x[lo:hi]
		for i, v := range x {
			dx[i] += float32(float64(dy[i]) * slope(float64(v)))
		}
	})
}
