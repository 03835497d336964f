package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// rowGroup is the number of rows of A that are done at a time, so that x or y is read but once for all of them.
const rowGroup = 4

// Gemv computes y = alpha·op(A)·x + beta·y, where A is stored m×n in rows lda elements apart and op(A) is A, or with
// trans its transpose. With beta 0 the old content of y is not read. m and n are at least 1.
func Gemv(trans bool, m, n int, alpha float32, a []float32, lda int, x []float32, beta float32, y []float32) {
	a = a[:(m-1)*lda+n]
	if trans {
		gemvTrans(m, n, alpha, a, lda, x[:m], beta, y[:n])
	} else {
		gemvNoTrans(m, n, alpha, a, lda, x[:n], beta, y[:m])
	}
}

// gemvNoTrans makes a dot product of each row.
func gemvNoTrans(m, n int, alpha float32, a []float32, lda int, x []float32, beta float32, y []float32) {
	if n > vectorTask {
		for i := range y {
			y[i] = combine(alpha, Dot(x, a[i*lda:][:n]), beta, y[i])
		}
		return
	}
	rows := (vectorTask/n + rowGroup - 1) / rowGroup * rowGroup
	if m <= rows {
		dotRows(alpha, a, lda, x, beta, y)
		return
	}
	parallel.Range(m, rows, func(lo, hi int) {
		dotRows(alpha, a[lo*lda:(hi-1)*lda+n], lda, x, beta, y[lo:hi])
	})
}

// dotRows is gemvNoTrans on the calling goroutine.
func dotRows(alpha float32, a []float32, lda int, x []float32, beta float32, y []float32) {
	var sums [rowGroup]float32
	for len(y) >= rowGroup {
		dotGroup(&sums, a, lda, x)
		group := (*[rowGroup]float32)(y)
		for r, v := range sums {
			group[r] = combine(alpha, v, beta, group[r])
		}
		if y = y[rowGroup:]; len(y) > 0 {
			a = a[rowGroup*lda:]
		}
	}
	for r := range y {
		y[r] = combine(alpha, float32(dotRuns(x, a[r*lda:][:len(x)])), beta, y[r])
	}
}

// dotGroup sets sums to the products of rowGroup rows of A with x, added up as Dot does: in runs.
func dotGroup(sums *[rowGroup]float32, a []float32, lda int, x []float32) {
	if len(x) <= dotRun {
		dotGroupRun(sums, a, lda, x)
		return
	}
	var total [rowGroup]float64
	for j := 0; j < len(x); j += dotRun {
		dotGroupRun(sums, a[j:], lda, x[j:min(j+dotRun, len(x))])
		for r, v := range sums {
			total[r] += float64(v)
		}
	}
	for r, v := range total {
		sums[r] = float32(v)
	}
}

func dotGroupRun(sums *[rowGroup]float32, a []float32, lda int, x []float32) {
	if n := len(x); n > 0 {
		_ = a[(rowGroup-1)*lda+n-1]
		if dotRowsVec(&sums[0], &a[0], lda, &x[0], n) {
			return
		}
	}
	for r := range sums {
		sums[r] = dot(x, a[r*lda:][:len(x)])
	}
}

func combine(alpha, sum, beta, y float32) float32 {
	if beta == 0 {
		return alpha * sum
	}
	return beta*y + alpha*sum
}

const (
	gemvRows = 256
	gemvCols = 2048
)

// gemvTrans adds up the rows, each times its element of x: in float32 in runs of at most gemvRows, of gemvCols columns
// so that the sums stay in the first-level cache; then the runs. The first one adds to y itself.
func gemvTrans(m, n int, alpha float32, a []float32, lda int, x []float32, beta float32, y []float32) {
	if beta == 0 {
		clear(y)
	} else if beta != 1 {
		Scale(y, beta)
	}
	height, width := evenly(m, gemvRows, rowGroup), evenly(n, gemvCols, 16)
	rows, cols := (m+height-1)/height, (n+width-1)/width
	if rows*cols == 1 {
		addRows(y, alpha, a, lda, x)
		return
	}
	others := getScratch((rows - 1) * n)
	defer putScratch(others)
	clear(others.data)
	block := func(task int) {
		run := task / cols
		i, j := run*height, task%cols*width
		sums := y
		if run > 0 {
			sums = others.data[(run-1)*n:][:n]
		}
		addRows(sums[j:min(j+width, n)], alpha, a[i*lda+j:], lda, x[i:min(i+height, m)])
	}
	if m*n > vectorTask {
		parallel.For(rows*cols, block)
	} else {
		for task := range rows * cols {
			block(task)
		}
	}
	for run := range rows - 1 {
		addTo(y, others.data[run*n:][:n])
	}
}

// addRows adds to dst as many rows of A as x has elements, each times its element and alpha.
func addRows(dst []float32, alpha float32, a []float32, lda int, x []float32) {
	n := len(dst)
	for len(x) >= rowGroup {
		addRowGroup(dst, a, lda, &[rowGroup]float32{alpha * x[0], alpha * x[1], alpha * x[2], alpha * x[3]})
		if x = x[rowGroup:]; len(x) > 0 {
			a = a[rowGroup*lda:]
		}
	}
	for r, v := range x {
		addScaled(dst, alpha*v, a[r*lda:][:n])
	}
}

// addRowGroup adds to dst rowGroup rows of A, each times its element of x.
func addRowGroup(dst, a []float32, lda int, x *[rowGroup]float32) {
	n := len(dst)
	if n > 0 {
		_ = a[(rowGroup-1)*lda+n-1]
		if addRowsVec(&dst[0], &a[0], lda, &x[0], n) {
			return
		}
	}
	a0, a1, a2, a3 := a[:n], a[lda:][:n], a[2*lda:][:n], a[3*lda:][:n]
	for j, v := range dst {
		dst[j] = v + x[0]*a0[j] + x[1]*a1[j] + x[2]*a2[j] + x[3]*a3[j]
	}
}
