package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// LayerNorm sets each row of y [rows, cols] to (x − mean)/√(variance + eps)·gamma + beta, with the mean and the variance of
// the row of x, gamma and beta [cols]; a nil gamma stands for ones, a nil beta for zeros. mean and invStd [rows] get the
// mean and 1/√(variance + eps). y may alias x.
func LayerNorm(y, mean, invStd, x, gamma, beta []float32, rows, cols int, eps float64) {
	parallel.Range(rows, rowChunk(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, y := x[r*cols:(r+1)*cols], y[r*cols:(r+1)*cols]
			m, s := rowMoments(x, eps)
			mean[r], invStd[r] = float32(m), float32(s)
			for j, v := range x {
				z := (float64(v) - m) * s
				if gamma != nil {
					z *= float64(gamma[j])
				}
				if beta != nil {
					z += float64(beta[j])
				}
				y[j] = float32(z)
			}
		}
	})
}

// rowMoments returns the mean and 1/√(variance + eps), from differences to the mean: far from zero squares would cancel.
func rowMoments(x []float32, eps float64) (mean, invStd float64) {
	n := float64(max(len(x), 1))
	for _, v := range x {
		mean += float64(v)
	}
	mean /= n
	variance := 0.0
	for _, v := range x {
		d := float64(v) - mean
		variance += d * d
	}
	return mean, 1 / math.Sqrt(variance/n+eps)
}

// LayerNormGrad adds to dx the gradient of the x of LayerNorm, given dy, that of its y, and the mean and invStd it gave.
func LayerNormGrad(dx, dy, x, gamma, mean, invStd []float32, rows, cols int) {
	parallel.Range(rows, rowChunk(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			x, dy, dx := x[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols], dx[r*cols:(r+1)*cols]
			m, s := float64(mean[r]), float64(invStd[r])
			g := func(j int) float64 { // the gradient of the normalised value
				if gamma == nil {
					return float64(dy[j])
				}
				return float64(dy[j]) * float64(gamma[j])
			}
			sum, dot := 0.0, 0.0
			for j, v := range x {
				sum += g(j)
				dot += g(j) * (float64(v) - m)
			}
			sum, dot = sum/float64(cols), dot*s*s/float64(cols)
			for j, v := range x {
				dx[j] += float32(s * (g(j) - sum - (float64(v)-m)*dot))
			}
		}
	})
}

// LayerNormParamGrad adds to dgamma and dbeta [cols] the gradients of LayerNorm's gamma and beta; either may be nil.
func LayerNormParamGrad(dgamma, dbeta, dy, x, mean, invStd []float32, rows, cols int) {
	beta, gamma := make([]float64, cols), make([]float64, cols)
	sumRows(rows, cols, func(lo, hi int, sums []float64) {
		b, g := sums[:cols], sums[cols:]
		for r := lo; r < hi; r++ {
			m, s := float64(mean[r]), float64(invStd[r])
			x, dy := x[r*cols:(r+1)*cols], dy[r*cols:(r+1)*cols]
			for j, v := range dy {
				b[j] += float64(v)
				g[j] += float64(v) * (float64(x[j]) - m) * s
			}
		}
	}, beta, gamma)
	for j := range cols {
		if dgamma != nil {
			dgamma[j] += float32(gamma[j])
		}
		if dbeta != nil {
			dbeta[j] += float32(beta[j])
		}
	}
}
