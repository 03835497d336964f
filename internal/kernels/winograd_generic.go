package kernels

// The steps of Winograd's algorithm in Go. Vectors of channels are rows of memory of the padded length.

func winogradInputGeneric(lines [4][]float32, c int, dst []float32, plane, tile, tiles, right int) {
	columns := 2*tiles + 2 - right // of the padded image that are there, the first of them zero
	for t := range tiles {
		for i := range c {
			var d [4][4]float32
			for x := range 4 {
				column := 2*t + x
				if column == 0 || column >= columns {
					continue
				}
				at := (column-1)*c + i
				x0, x1, x2, x3 := lines[0][at], lines[1][at], lines[2][at], lines[3][at]
				d[0][x], d[1][x], d[2][x], d[3][x] = x0-x2, x1+x2, x2-x1, x3-x1
			}
			to := dst[t*tile+i:]
			for y, r := range d {
				at := 4 * y * plane
				to[at], to[at+plane], to[at+2*plane], to[at+3*plane] = r[0]-r[2], r[1]+r[2], r[2]-r[1], r[3]-r[1]
			}
		}
		for p := range 16 {
			clear(dst[p*plane+t*tile+c : p*plane+(t+1)*tile])
		}
	}
}

func winogradOutputGeneric(m []float32, plane, tile int, y0, y1 []float32, pixel, tiles, o int, add bool) {
	for t := range tiles {
		for i := range o {
			var s [2][4]float32
			for x := range 4 {
				at := t*tile + i + x*plane
				m0, m1, m2, m3 := m[at], m[at+4*plane], m[at+8*plane], m[at+12*plane]
				s[0][x], s[1][x] = m1+m2+m0, m1-m2+m3
			}
			for y, line := range [2][]float32{y0, y1} {
				at := 2*t*pixel + i
				a, b := s[y][0]+s[y][1]+s[y][2], s[y][1]-s[y][2]+s[y][3]
				if add {
					a, b = line[at]+a, line[at+pixel]+b
				}
				line[at], line[at+pixel] = a, b
			}
		}
	}
}

func winogradGradientGeneric(y0, y1 []float32, o int, dst []float32, plane, tile, tiles int) {
	for t := range tiles {
		for i := range o {
			at := 2*t*o + i
			a, b, c, d := y0[at], y0[at+o], y1[at], y1[at+o]
			to := dst[t*tile+i:]
			for y, r := range [4][2]float32{{a, b}, {a + c, b + d}, {a - c, b - d}, {c, d}} {
				at := 4 * y * plane
				to[at], to[at+plane], to[at+2*plane], to[at+3*plane] = r[0], r[0]+r[1], r[0]-r[1], r[1]
			}
		}
		for p := range 16 {
			clear(dst[p*plane+t*tile+o : p*plane+(t+1)*tile])
		}
	}
}

func winogradProductGeneric(v, u, m []float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs int) {
	for p := range planes {
		for b := range blocks {
			rows := [3]int{3 * b, 3*b + 1, 3*b + 2}
			a, c := rows, rows
			for i := range rows {
				a[i], c[i] = rows[i]*ldv, rows[i]*ldm
			}
			rowTileGeneric(v[p*planeV:], a[:], 1, depth, 0, u[p*planeU:], m[p*planeM:], c[:], 3, vecs, 1, false)
		}
	}
}

func winogradOuterGeneric(v, w, du []float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs int) {
	for p := range planes {
		for b := range blocks {
			colTileGeneric(v[p*planeV+3*b:], w[p*planeW:], 1, tiles, 0, 0, ldv, ldw, du[p*planeU+3*b*vecs:], vecs, 3, vecs, 1, true)
		}
	}
}

func winogradWeightsGeneric(w []float32, tap int, u []float32, plane, n int) {
	for j := range n {
		var rows [4][3]float32
		for x := range 3 {
			a, b, c := w[x*tap+j], w[(3+x)*tap+j], w[(6+x)*tap+j]
			rows[0][x], rows[1][x], rows[2][x], rows[3][x] = a, (a+c+b)/2, (a+c-b)/2, c
		}
		for y, r := range rows {
			at := 4*y*plane + j
			outer := r[0] + r[2]
			u[at], u[at+plane], u[at+2*plane], u[at+3*plane] = r[0], (outer+r[1])/2, (outer-r[1])/2, r[2]
		}
	}
}

func winogradFoldGeneric(du []float32, plane int, dw []float32, tap, n int) {
	for j := range n {
		var rows [3][4]float32
		for x := range 4 {
			at := x*plane + j
			b, c := du[at+4*plane], du[at+8*plane]
			rows[0][x], rows[1][x], rows[2][x] = (b+c)/2+du[at], (b-c)/2, (b+c)/2+du[at+12*plane]
		}
		for y, r := range rows {
			half := (r[1] + r[2]) / 2
			dw[3*y*tap+j] += r[0] + half
			dw[(3*y+1)*tap+j] += (r[1] - r[2]) / 2
			dw[(3*y+2)*tap+j] += half + r[3]
		}
	}
}
