package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// C is computed in blocks, on several cores, and gemmDepth terms at a time. That much of B is copied once, into panels
// of which one at a time stays in the second-level cache; each block copies its part of A, which stays there, too. So
// that A is copied less often, blocks are wide where there are manyBlocks of them all the same.
const (
	gemmDepth  = 1024
	blockRows  = 24
	blockCols  = 512
	wideCols   = 4096
	manyBlocks = 64
)

// Gemm computes C = alpha·op(A)·op(B) + beta·C, where op(A) is m×k, op(B) is k×n and C is m×n.
//
// A is stored m×k, or k×m with transA, in rows lda elements apart; B is stored k×n, or n×k with transB, in rows ldb
// apart; C has rows ldc apart. With beta 0 the old content of C is not read; with alpha 0 or k 0 neither A nor B is.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int) {
	gemm(false, transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// gemm is Gemm, with pairs of pairs of bfloat16 in a and b.
func gemm(pairs, transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int) {
	if m == 0 || n == 0 {
		return
	}
	c = c[:(m-1)*ldc+n]
	if beta != 0 || alpha == 0 || k == 0 {
		scaleMatrix(c, m, n, ldc, beta)
	}
	if alpha == 0 || k == 0 {
		return
	}
	a, b = a[:extent(transA, m, k, lda)], b[:extent(transB, k, n, ldb)]

	t := current.tile
	depth := evenly(k, gemmDepth, 1)
	height, width := evenly(m, blockRows, t.rows), evenly(n, blockCols, t.cols)
	rows := (m + height - 1) / height
	if rows >= manyBlocks {
		width = evenly(n, wideCols, t.cols)
	}
	cols := (n + width - 1) / width
	packed := getScratch(depth * t.padded(n))
	defer putScratch(packed)
	for p := 0; p < k; p += depth {
		depth := min(depth, k-p)
		packPanels(packed.data, transB, b[offset(transB, p, ldb):], ldb, depth, n)
		parallel.For(rows*cols, func(task int) {
			i, j := task/cols*height, task%cols*width
			block := gemmBlock{
				a: a[offset(transA, i, lda)+offset(!transA, p, lda):], lda: lda, transA: transA,
				b: packed.data[j*depth:], c: c[i*ldc+j:], ldc: ldc,
				m: min(height, m-i), n: min(width, n-j), k: depth, alpha: alpha, add: p > 0 || beta != 0, pairs: pairs,
			}
			block.run(t)
		})
	}
}

// gemmBlock is the part of a product that one core computes at a time; b is packed.
type gemmBlock struct {
	a, b, c  []float32
	lda, ldc int
	transA   bool
	m, n, k  int
	alpha    float32
	add      bool
	pairs    bool
}

func (g *gemmBlock) run(t tileSize) {
	a, lda := g.a, g.lda
	if g.transA || g.n > t.cols { // A is used more than once
		lda = g.k + 16 // not a power of two: these compete for the same lines of the cache
		s := getScratch(g.m * lda)
		defer putScratch(s)
		a = s.data
		if g.transA {
			transpose(a, lda, g.a, g.lda, g.k, g.m)
		} else {
			for i := range g.m {
				copy(a[i*lda:], g.a[i*g.lda:][:g.k])
			}
		}
	}
	var aoff, coff [blockRows]int
	for i := range g.m {
		aoff[i], coff[i] = i*lda, i*g.ldc
	}
	product := rowProduct{a: a, segs: 1, segLen: g.k, alpha: g.alpha, add: g.add, pairs: g.pairs}
	for j := 0; j < g.n; j += t.cols {
		product.panel, product.c, product.cols = g.b[j*g.k:], g.c[j:], min(t.cols, g.n-j)
		product.run(aoff[:g.m], coff[:g.m])
	}
}

// evenly cuts n into as few parts of at most most as will do, and returns their size: alike but for the last, and a
// multiple of unit.
func evenly(n, most, unit int) int {
	parts := (n + most - 1) / most
	size := (n + parts - 1) / parts
	return (size + unit - 1) / unit * unit
}

// offset is where row i of a matrix starts, or with column set, its column i.
func offset(column bool, i, ld int) int {
	if column {
		return i
	}
	return i * ld
}

// extent is the number of elements from the first to the last of a rows×cols matrix, or of one stored transposed.
func extent(trans bool, rows, cols, ld int) int {
	if trans {
		rows, cols = cols, rows
	}
	return (rows-1)*ld + cols
}

// scaleMatrix multiplies an m×n matrix by beta; beta 0 sets it to zero whatever it held.
func scaleMatrix(c []float32, m, n, ldc int, beta float32) {
	if beta == 1 {
		return
	}
	parallel.Range(m, rowChunk(n), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			row := c[i*ldc:][:n]
			if beta == 0 {
				clear(row)
				continue
			}
			for j := range row {
				row[j] *= beta
			}
		}
	})
}
