// Package blas offers the dense products of longtail as a BLAS for gonum.
//
// Implementation is gonum's own single-precision BLAS with Sgemm, Sgemv, Saxpy and Sdot replaced; all other routines are
// gonum's. Register it with blas32.Use, or hand it to whatever takes a blas.Float32; this package registers nothing.
//
// The four routines accept, refuse and return what gonum's do, up to rounding: their sums are added in another order,
// and fused multiply-adds are used where the processor has them. Long vectors and large matrices are shared among up to
// GOMAXPROCS cores. Every routine may be called concurrently and gives the same bits whatever GOMAXPROCS is; another
// processor may give others. On amd64 the routines use AVX2 or AVX-512; on an older processor gonum's own are faster.
package blas

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/longtail-ml/longtail/internal/kernels"
)

// Implementation is a blas.Float32. The zero value is ready for use.
type Implementation struct{ gonum.Implementation }

var _ blas.Float32 = Implementation{}

// Sgemm computes C = alpha·op(A)·op(B) + beta·C, where op(A) is m×k, op(B) is k×n, C is m×n, and op is the identity
// for blas.NoTrans and the transpose otherwise. Matrices are row-major, their rows lda, ldb and ldc elements apart.
// With beta 0 the old content of C is not read; with alpha 0 neither A nor B is. Like gonum's, it panics on a transpose
// that is none, a negative size, a leading dimension less than a row, and a slice too short for its matrix.
func (Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int,
	b []float32, ldb int, beta float32, c []float32, ldc int) {
	transA, transB := transposed(tA), transposed(tB)
	switch {
	case m < 0:
		panic("blas: m < 0")
	case n < 0:
		panic("blas: n < 0")
	case k < 0:
		panic("blas: k < 0")
	}
	rowsA, colsA, rowsB, colsB := m, k, k, n
	if transA {
		rowsA, colsA = k, m
	}
	if transB {
		rowsB, colsB = n, k
	}
	switch {
	case lda < max(1, colsA):
		panic("blas: bad leading dimension of A")
	case ldb < max(1, colsB):
		panic("blas: bad leading dimension of B")
	case ldc < max(1, n):
		panic("blas: bad leading dimension of C")
	}
	if m == 0 || n == 0 {
		return
	}
	switch {
	case short(a, rowsA, colsA, lda):
		panic(shortA)
	case short(b, rowsB, colsB, ldb):
		panic("blas: insufficient length of b")
	case short(c, m, n, ldc):
		panic("blas: insufficient length of c")
	}
	kernels.Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

func transposed(t blas.Transpose) bool {
	switch t {
	case blas.NoTrans:
		return false
	case blas.Trans, blas.ConjTrans:
		return true
	}
	panic("blas: illegal transpose")
}
