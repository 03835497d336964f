package blas

import (
	"math"

	"gonum.org/v1/gonum/blas"

	"github.com/longtail-ml/longtail/internal/kernels"
)

// The routines below do what is adjacent in memory. Increments other than 1 are gonum's; so is whatever it refuses, which
// makes the panics the same.

// Sdot returns Σ x[i]·y[i] over n elements. It panics as gonum's does. Runs of 4,096 terms are added in float32, the runs
// in float64.
func (impl Implementation) Sdot(n int, x []float32, incX int, y []float32, incY int) float32 {
	checkReach(n, incX, n, incY)
	if incX != 1 || incY != 1 || n < 1 || len(x) < n || len(y) < n {
		return impl.Implementation.Sdot(n, x, incX, y, incY)
	}
	return kernels.Dot(x[:n], y[:n])
}

// Saxpy adds alpha·x[i] to y[i] for n elements; with alpha 0, x is not read. It panics as gonum's does.
func (impl Implementation) Saxpy(n int, alpha float32, x []float32, incX int, y []float32, incY int) {
	checkReach(n, incX, n, incY)
	if incX != 1 || incY != 1 || n < 1 || len(x) < n || len(y) < n || alpha == 0 {
		impl.Implementation.Saxpy(n, alpha, x, incX, y, incY)
		return
	}
	kernels.AddScaled(y[:n], alpha, x[:n])
}

// Sgemv computes y = alpha·op(A)·x + beta·y, where A is m×n, row-major, its rows lda elements apart, and op is the
// identity for blas.NoTrans and the transpose otherwise. With beta 0 the old content of y is not read; with alpha 0
// neither A nor x is. It panics as gonum's does.
func (impl Implementation) Sgemv(tA blas.Transpose, m, n int, alpha float32, a []float32, lda int,
	x []float32, incX int, beta float32, y []float32, incY int) {
	lenX, lenY := n, m
	if tA != blas.NoTrans {
		lenX, lenY = m, n
	}
	known := tA == blas.NoTrans || tA == blas.Trans || tA == blas.ConjTrans
	sized := m > 0 && n > 0 && lda >= n && !short(a, m, n, lda) && len(x) >= lenX && len(y) >= lenY
	if known && m > 0 && n > 0 && lda >= n && incX != 0 && incY != 0 {
		checkReach(lenX, incX, lenY, incY)
		if overflows(m, lda) || (m-1)*lda > math.MaxInt-n {
			panic(shortA)
		}
	}
	if known && sized && incX == 1 && incY == 1 && alpha != 0 {
		kernels.Gemv(tA != blas.NoTrans, m, n, alpha, a, lda, x, beta, y)
		return
	}
	if sized && incY == 1 {
		y = y[:lenY] // gonum's would clear all of y for beta 0
	}
	impl.Implementation.Sgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
}
