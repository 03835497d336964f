package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// chunkSize is the number of elements that are worth handing to another core, and the length of one partial sum.
const chunkSize = 1 << 14

// whole is the number of elements, of n, that fill vectors: none where there are no vectors.
func whole(n int) int {
	if current.lanes == 1 {
		return 0
	}
	return n &^ (current.lanes - 1)
}

// Relu sets y = max(x, 0); NaN stays NaN. y may alias x.
func Relu(y, x []float32) {
	parallel.Range(len(x), chunkSize, func(lo, hi int) {
		x, y := x[lo:hi], y[lo:hi]
		n := whole(len(x))
		if n > 0 && !reluVec(&y[0], &x[0], n) {
			n = 0
		}
		y = y[n:]
		for i, v := range x[n:] {
			y[i] = max(v, 0)
		}
	})
}

// ReluGrad adds dy to dx where y, the result of Relu, is positive.
func ReluGrad(dx, dy, y []float32) {
	parallel.Range(len(y), chunkSize, func(lo, hi int) {
		dx, dy, y := dx[lo:hi], dy[lo:hi], y[lo:hi]
		n := whole(len(y))
		if n > 0 && !reluGradVec(&dx[0], &dy[0], &y[0], n) {
			n = 0
		}
		dx, dy = dx[n:], dy[n:]
		for i, v := range y[n:] {
			dx[i] += ifPositive(v, dy[i])
		}
	})
}

// ifPositive is g where y > 0 and 0 elsewhere (NaN included). Signs of activations are as good as random: integer
// arithmetic spares the processor a branch that it would guess wrong half the time.
func ifPositive(y, g float32) float32 {
	bits := math.Float32bits(g)
	if math.Float32bits(y)-1 >= 0x7f800000 { // +0, negative or NaN; +Inf is 0x7f800000
		bits = 0
	}
	return math.Float32frombits(bits)
}

// addTo adds x to dst on the calling goroutine.
func addTo(dst, x []float32) { addScaled(dst, 1, x) }

// addScaled is AddScaled on the calling goroutine.
func addScaled(dst []float32, alpha float32, x []float32) {
	dst = dst[:len(x)]
	n := whole(len(x))
	if n > 0 && !addScaledVec(&dst[0], &x[0], alpha, n) {
		n = 0
	}
	dst = dst[n:]
	for i, v := range x[n:] {
		dst[i] += alpha * v
	}
}

// AddScaled adds alpha·x to dst.
func AddScaled(dst []float32, alpha float32, x []float32) {
	if len(x) <= chunkSize {
		addScaled(dst, alpha, x)
		return
	}
	parallel.Range(len(x), chunkSize, func(lo, hi int) { addScaled(dst[lo:hi], alpha, x[lo:hi]) })
}

// Scale multiplies x by alpha.
func Scale(x []float32, alpha float32) {
	if len(x) <= chunkSize {
		scale(x, alpha)
		return
	}
	parallel.Range(len(x), chunkSize, func(lo, hi int) { scale(x[lo:hi], alpha) })
}

func scale(x []float32, alpha float32) {
	if n := whole(len(x)); n > 0 && scaleVec(&x[0], alpha, n) {
		x = x[n:]
	}
	for i := range x {
		x[i] *= alpha
	}
}

// Fill sets all of dst to v.
func Fill(dst []float32, v float32) {
	parallel.Range(len(dst), chunkSize, func(lo, hi int) {
		dst := dst[lo:hi]
		for i := range dst {
			dst[i] = v
		}
	})
}
