package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// NormalizeRows sets norms [rows] to the Euclidean norms of the rows of x [rows, cols], and y = x/max(norm, eps).
// eps must be positive. y may alias x.
func NormalizeRows(y, norms, x []float32, rows, cols int, eps float64) {
	parallel.Range(rows, rowChunk(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
			norm := math.Sqrt(dotWide(x, x))
			norms[r] = float32(norm)
			scaleWide(y, x, 1/max(norm, eps))
		}
	})
}

// NormalizeRowsGrad adds to dx the gradient of the x of NormalizeRows, (dy − y·⟨y, dy⟩)/norm, given dy, that of its y,
// and its results. Rows whose norm is less than eps get none.
func NormalizeRowsGrad(dx, dy, y, norms []float32, rows, cols int, eps float64) {
	parallel.Range(rows, rowChunk(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			if float64(norms[r]) < eps {
				continue
			}
			dx, dy, y := dx[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
			addTangent(dx, dy, y, dotWide(y, dy), 1/float64(norms[r]))
		}
	})
}

// dotWide returns Σ x·y, multiplied and added in float64.
func dotWide(x, y []float32) float64 {
	if y = y[:len(x)]; len(x) > 0 {
		if sum, ok := dotWideVec(&x[0], &y[0], len(x)); ok {
			return sum
		}
	}
	var sum float64
	for j, v := range x {
		sum += float64(v) * float64(y[j])
	}
	return sum
}

// scaleWide sets y = scale·x, for a scale that float32 may not hold.
func scaleWide(y, x []float32, scale float64) {
	if y = y[:len(x)]; len(x) > 0 && scaleWideVec(&y[0], &x[0], len(x), scale) {
		return
	}
	for j, v := range x {
		y[j] = float32(float64(v) * scale)
	}
}

// addTangent adds scale·(dy − dot·y) to dx.
func addTangent(dx, dy, y []float32, dot, scale float64) {
	dx, dy = dx[:len(y)], dy[:len(y)]
	if len(y) > 0 && addTangentVec(&dx[0], &dy[0], &y[0], len(y), dot, scale) {
		return
	}
	for j, v := range y {
		dx[j] += float32((float64(dy[j]) - float64(v)*dot) * scale)
	}
}
