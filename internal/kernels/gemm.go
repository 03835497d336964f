package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// The blocks of C that Gemm computes in parallel: whole register tiles high, and small enough for a product of middling
// size to keep several cores busy.
const (
	blockRows = 16 * gemmRows
	blockCols = 64
)

// Gemm computes C = alpha·op(A)·op(B) + beta·C, where op(A) is m×k, op(B) is k×n and C is m×n.
//
// A is stored m×k, or k×m with transA, in rows lda elements apart; B is stored k×n, or n×k with transB, in rows ldb
// apart; C has rows ldc apart. With beta 0 the old content of C is not read; with alpha 0 or k 0 neither A nor B is.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	rows, cols := (m+blockRows-1)/blockRows, (n+blockCols-1)/blockCols
	parallel.For(rows*cols, func(block int) {
		i, j := block/cols*blockRows, block%cols*blockCols
		ablock, bblock := a, b
		if alpha != 0 && k != 0 {
			ablock, bblock = a[offset(transA, i, lda):], b[offset(!transB, j, ldb):]
		}
		gemmSerial(transA, transB, min(blockRows, m-i), min(blockCols, n-j), k,
			alpha, ablock, lda, bblock, ldb, beta, c[i*ldc+j:], ldc)
	})
}

// offset is where row i of a matrix starts, or with column set, its column i.
func offset(column bool, i, ld int) int {
	if column {
		return i
	}
	return i * ld
}
