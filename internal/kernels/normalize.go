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
			var sum float64
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
			norm := math.Sqrt(sum)
			norms[r] = float32(norm)
			scale := 1 / max(norm, eps)
			for j, v := range x {
				y[j] = float32(float64(v) * scale)
			}
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
			var dot float64
			for j, v := range y {
				dot += float64(v) * float64(dy[j])
			}
			for j, v := range y {
				dx[j] += float32((float64(dy[j]) - float64(v)*dot) / float64(norms[r]))
			}
		}
	})
}
