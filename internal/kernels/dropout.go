package kernels

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// Dropout sets y to x where the stream of the key keeps it, with probability keep, divided by keep, and to 0 elsewhere. The
// same key keeps the same elements whatever x is. y may alias x.
func Dropout(y, x []float32, keep float64, key uint64) {
	eachKept(len(x), keep, key, func(at int, kept []bool) {
		scale := float32(1 / keep)
		x, y := x[at:at+len(kept)], y[at:at+len(kept)]
		for i, k := range kept {
			if k {
				y[i] = x[i] * scale
			} else {
				y[i] = 0
			}
		}
	})
}

// DropoutGrad adds to dx the gradient of the x of Dropout, given dy, that of its y.
func DropoutGrad(dx, dy []float32, keep float64, key uint64) {
	eachKept(len(dy), keep, key, func(at int, kept []bool) {
		scale := float32(1 / keep)
		dx, dy := dx[at:at+len(kept)], dy[at:at+len(kept)]
		for i, k := range kept {
			if k {
				dx[i] += dy[i] * scale
			}
		}
	})
}

// eachKept says of ranges of n elements which are kept; each chunk has a stream of its own.
func eachKept(n int, keep float64, key uint64, visit func(at int, kept []bool)) {
	parallel.Range(n, chunkSize, func(lo, hi int) {
		rng := rand.New(rand.NewPCG(key, uint64(lo)))
		var kept [256]bool
		for at := lo; at < hi; at += len(kept) {
			part := kept[:min(len(kept), hi-at)]
			for i := range part {
				part[i] = rng.Float64() < keep
			}
			visit(at, part)
		}
	})
}
