package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// The vector forms of Sigmoid and Tanh are within three units in the last place of float32, those in Go within one.

// expChunk is the number of elements worth handing to another core when each costs an exponential.
const expChunk = chunkSize / 4

// Sigmoid sets y = 1/(1+exp(−x)). y may alias x.
func Sigmoid(y, x []float32) {
	parallel.Range(len(x), expChunk, func(lo, hi int) {
		x, y := x[lo:hi], y[lo:hi]
		if len(x) > 0 && sigmoidVec(&y[0], &x[0], len(x)) {
			return
		}
		for i, v := range x {
			y[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
	})
}

// SigmoidGrad adds dy·y·(1−y) to dx, where y is the result of Sigmoid.
func SigmoidGrad(dx, dy, y []float32) {
	parallel.Range(len(y), chunkSize, func(lo, hi int) {
		dx, dy, y := dx[lo:hi], dy[lo:hi], y[lo:hi]
		for i, v := range y {
			dx[i] += dy[i] * v * (1 - v)
		}
	})
}

// Tanh sets y to the hyperbolic tangent of x. y may alias x.
func Tanh(y, x []float32) {
	parallel.Range(len(x), expChunk, func(lo, hi int) {
		x, y := x[lo:hi], y[lo:hi]
		if len(x) > 0 && tanhVec(&y[0], &x[0], len(x)) {
			return
		}
		for i, v := range x {
			y[i] = float32(math.Tanh(float64(v)))
		}
	})
}

// TanhGrad adds dy·(1−y²) to dx, where y is the result of Tanh.
func TanhGrad(dx, dy, y []float32) {
	parallel.Range(len(y), chunkSize, func(lo, hi int) {
		dx, dy, y := dx[lo:hi], dy[lo:hi], y[lo:hi]
		for i, v := range y {
			dx[i] += dy[i] * (1 - v*v)
		}
	})
}
