package kernels

// The product of one block, on one core. B is copied, gemmCols columns at a time, into a panel that stays in the
// first-level cache; A is read in place, or copied into rows when it comes transposed. A register tile of
// gemmRows×gemmCols elements of C then takes one pass over the panel. Six sums are as many as the Go compiler keeps in
// registers next to their products: 2×4 and 3×3 tiles spill, and run at half the speed.
const (
	gemmRows  = 3
	gemmCols  = 2
	gemmDepth = 256 // terms added before C is updated
)

type (
	gemmPanel [gemmDepth][gemmCols]float32
	gemmTile  [gemmRows][gemmCols]float32
)

// gemmSerial is Gemm on the calling goroutine.
func gemmSerial(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int,
	beta float32, c []float32, ldc int) {
	scaleMatrix(c, m, n, ldc, beta)
	if alpha == 0 || k == 0 {
		return
	}
	var packed []float32
	if transA {
		s := getScratch(m * min(k, gemmDepth))
		defer putScratch(s)
		packed = s.data
	}
	var panel gemmPanel
	for p := 0; p < k; p += gemmDepth {
		depth := min(gemmDepth, k-p)
		rows, ld := packed, depth
		if transA {
			transpose(packed, depth, a[p*lda:], lda, depth, m)
		} else {
			rows, ld = a[p:], lda
		}
		for j := 0; j < n; j += gemmCols {
			cols := min(gemmCols, n-j)
			if transB {
				packTransposed(&panel, b[j*ldb+p:], ldb, depth, cols)
			} else {
				packPanel(&panel, b[p*ldb+j:], ldb, depth, cols)
			}
			gemmColumns(panel[:depth], m, cols, alpha, rows, ld, c[j:], ldc)
		}
	}
}

// scaleMatrix multiplies an m×n block by beta; beta 0 sets it to zero whatever it held.
func scaleMatrix(c []float32, m, n, ldc int, beta float32) {
	if beta == 1 || n == 0 {
		return
	}
	for i := range m {
		row := c[i*ldc:][:n]
		if beta == 0 {
			clear(row)
			continue
		}
		for j := range row {
			row[j] *= beta
		}
	}
}

// packPanel copies cols columns of a row-major matrix into the panel and sets the panel's other columns to zero.
func packPanel(panel *gemmPanel, b []float32, ldb, depth, cols int) {
	for p := range panel[:depth] {
		row := b[p*ldb:]
		if cols == gemmCols {
			panel[p] = [gemmCols]float32(row)
			continue
		}
		panel[p] = [gemmCols]float32{}
		copy(panel[p][:], row[:cols])
	}
}

// packTransposed is packPanel for a matrix stored transposed: cols rows, ldb apart.
func packTransposed(panel *gemmPanel, b []float32, ldb, depth, cols int) {
	for j := range gemmCols {
		if j >= cols {
			for p := range panel[:depth] {
				panel[p][j] = 0
			}
			continue
		}
		for p, v := range b[j*ldb:][:depth] {
			panel[p][j] = v
		}
	}
}

// gemmColumns adds alpha·A·panel to m×cols elements of C.
func gemmColumns(panel [][gemmCols]float32, m, cols int, alpha float32, a []float32, lda int, c []float32, ldc int) {
	depth := len(panel)
	var tile gemmTile
	for i := 0; i < m; i += gemmRows {
		rows := min(gemmRows, m-i)
		a0 := a[i*lda:][:depth]
		a1 := a[(i+rows/2)*lda:][:depth]
		a2 := a[(i+rows-1)*lda:][:depth]
		gemmKernel(&tile, a0, a1, a2, panel)
		for r := range rows {
			row := c[(i+r)*ldc:][:cols]
			for j := range row {
				row[j] += alpha * tile[r][j]
			}
		}
	}
}

// gemmKernel computes one tile: the products of three rows of A with the panel.
func gemmKernel(tile *gemmTile, a0, a1, a2 []float32, panel [][gemmCols]float32) {
	a0, a1, a2 = a0[:len(panel)], a1[:len(panel)], a2[:len(panel)]
	var s00, s01, s10, s11, s20, s21 float32
	for p := range panel {
		x, y := panel[p][0], panel[p][1]
		v := a0[p]
		s00 += v * x
		s01 += v * y
		v = a1[p]
		s10 += v * x
		s11 += v * y
		v = a2[p]
		s20 += v * x
		s21 += v * y
	}
	*tile = gemmTile{{s00, s01}, {s10, s11}, {s20, s21}}
}
