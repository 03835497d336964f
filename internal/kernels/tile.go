package kernels

import "unsafe"

// Matrix products and convolutions are cut into tiles of C, small enough for all their sums to stay in registers.
// rowTile computes a tile from rows of A, which may be anywhere in memory, and a panel of B: rows of tileSize.cols
// values, or of half as many when the tile has no more columns. colTile takes one column of A and one row of B at a
// time, each adjacent in memory.
//
// The sum of an element runs over the terms in order, whatever the height and width of its tile.

// tileSize is the largest tile of a level.
type tileSize struct{ rows, cols int }

// step is the height of the next tile when n rows are left: the tile kernels know only some heights.
func (t tileSize) step(n int) int {
	if n >= t.rows {
		return t.rows
	}
	for s := 8; s > 1; s /= 2 {
		if s < t.rows && n >= s {
			return s
		}
	}
	return 1
}

// panel is the width of a panel for cols columns.
func (t tileSize) panel(cols int) int {
	if cols <= t.cols/2 {
		return t.cols / 2
	}
	return t.cols
}

// padded is the number of values in the rows of all panels of cols columns.
func (t tileSize) padded(cols int) int {
	whole := cols / t.cols * t.cols
	if whole == cols {
		return whole
	}
	return whole + t.panel(cols-whole)
}

// rowProduct multiplies rows of A, each made of segs runs of segLen values that start segStep apart, with a panel. cols
// elements of each row of C are set to alpha times the result, or with add get it added. segs·segLen must not be 0.
type rowProduct struct {
	a                     []float32
	segs, segLen, segStep int
	panel                 []float32
	c                     []float32
	cols                  int
	alpha                 float32
	add                   bool
	pairs                 bool // of bfloat16 are multiplied
}

// run does the rows that start at a[aoff[i]] and c[coff[i]].
func (p *rowProduct) run(aoff, coff []int) {
	t := current.tile
	for len(aoff) > 0 {
		rows := t.step(len(aoff))
		if p.pairs {
			rowTilePairs(p.a, aoff, p.segs, p.segLen, p.segStep, p.panel, p.c, coff, rows, p.cols, p.alpha, p.add)
		} else if !rowTileVec(&p.a[0], &aoff[0], p.segs, p.segLen, p.segStep, &p.panel[0], &p.c[0], &coff[0], rows, p.cols,
			p.alpha, p.add) {
			rowTileGeneric(p.a, aoff, p.segs, p.segLen, p.segStep, p.panel, p.c, coff, rows, p.cols, p.alpha, p.add)
		}
		aoff, coff = aoff[rows:], coff[rows:]
	}
}

// colProduct adds up products of columns of A and rows of B: segs runs of segLen of them, that start segA and segB
// apart and are stepA and stepB apart within a run. Neither count may be 0, and cols at most tileSize.cols.
type colProduct struct {
	a, b                     []float32
	segs, segLen             int
	segA, segB, stepA, stepB int
	c                        []float32
	ldc, cols                int
	alpha                    float32
	add                      bool
	pairs                    bool // of bfloat16 are multiplied
}

// run does rows rows of C, which may be more than a tile has.
func (p *colProduct) run(rows int) {
	t := current.tile
	high := t.rows
	if p.cols <= t.cols/2 && current.lanes > 1 {
		high *= 2
	}
	for i := 0; i < rows; {
		n := high
		if rows-i < high {
			n = t.step(rows - i)
		}
		a, c := p.a[i:], p.c[i*p.ldc:]
		if p.pairs {
			colTilePairs(a, p.b, p.segs, p.segLen, p.segA, p.segB, p.stepA, p.stepB, c, p.ldc, n, p.cols, p.alpha, p.add)
		} else if !colTileVec(&a[0], &p.b[0], p.segs, p.segLen, p.segA, p.segB, p.stepA, p.stepB, &c[0], p.ldc, n, p.cols,
			p.alpha, p.add) {
			colTileGeneric(a, p.b, p.segs, p.segLen, p.segA, p.segB, p.stepA, p.stepB, c, p.ldc, n, p.cols, p.alpha, p.add)
		}
		i += n
	}
}

// rowTileGeneric is a row tile in Go, for up to 3 rows and 2 columns.
func rowTileGeneric(a []float32, aoff []int, segs, segLen, segStep int, b, c []float32, coff []int, rows, cols int,
	alpha float32, add bool) {
	if cols == 1 {
		for r := range rows {
			var sum float32
			rest := b
			for s := range segs {
				run := a[aoff[r]+s*segStep:][:segLen]
				for p, v := range rest[:len(run)] {
					sum += v * run[p]
				}
				rest = rest[segLen:]
			}
			storeTile(c[coff[r]:][:1], sum, 0, alpha, add)
		}
		return
	}
	var s00, s01, s10, s11, s20, s21 float32
	o0, o1, o2 := aoff[0], aoff[rows/2], aoff[rows-1] // fewer rows: some twice
	panel := unsafe.Slice((*[2]float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/2)
	for s := range segs {
		at := s * segStep
		panel := panel[s*segLen:][:segLen]
		a0, a1, a2 := a[o0+at:][:len(panel)], a[o1+at:][:len(panel)], a[o2+at:][:len(panel)]
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
	}
	storeTile(c[coff[0]:][:2], s00, s01, alpha, add)
	if rows == 3 {
		storeTile(c[coff[1]:][:2], s10, s11, alpha, add)
	}
	if rows >= 2 {
		storeTile(c[coff[rows-1]:][:2], s20, s21, alpha, add)
	}
}

// colTileGeneric is a column tile in Go, for up to 3 rows and 2 columns.
func colTileGeneric(a, b []float32, segs, segLen, segA, segB, stepA, stepB int, c []float32, ldc, rows, cols int,
	alpha float32, add bool) {
	var tile [3][2]float32
	for s := range segs {
		a, b := a[s*segA:], b[s*segB:]
		if rows == 3 && cols == 2 {
			wholeColTile(&tile, a, b, segLen, stepA, stepB)
			continue
		}
		for p := range segLen {
			for r, v := range a[p*stepA:][:rows] {
				for q, w := range b[p*stepB:][:cols] {
					tile[r][q] += v * w
				}
			}
		}
	}
	for r := range rows {
		storeTile(c[r*ldc:][:cols], tile[r][0], tile[r][1], alpha, add)
	}
}

// wholeColTile adds n products of 3 values of a and 2 of b to a tile.
func wholeColTile(tile *[3][2]float32, a, b []float32, n, stepA, stepB int) {
	const size = int(unsafe.Sizeof(a[0]))
	_, _ = a[(n-1)*stepA+2], b[(n-1)*stepB+1] // then all are there: a check of each would cost a third of the time
	from, with := unsafe.Pointer(&a[0]), unsafe.Pointer(&b[0])
	s00, s01, s10, s11, s20, s21 := tile[0][0], tile[0][1], tile[1][0], tile[1][1], tile[2][0], tile[2][1]
	i, j := 0, 0
	for range n {
		v, w := (*[3]float32)(unsafe.Add(from, i)), (*[2]float32)(unsafe.Add(with, j))
		x, y := w[0], w[1]
		s00 += v[0] * x
		s01 += v[0] * y
		s10 += v[1] * x
		s11 += v[1] * y
		s20 += v[2] * x
		s21 += v[2] * y
		i, j = i+stepA*size, j+stepB*size
	}
	*tile = [3][2]float32{{s00, s01}, {s10, s11}, {s20, s21}}
}

// storeTile sets a row of one or two columns to alpha times sums, or adds that to it.
func storeTile(row []float32, x, y, alpha float32, add bool) {
	x, y = alpha*x, alpha*y
	if add {
		x += row[0]
	}
	row[0] = x
	if len(row) < 2 {
		return
	}
	if add {
		y += row[1]
	}
	row[1] = y
}
