package kernels

// The steps of F(4×4, 3×3) in Go. Each transform is done twice, down the columns and along the rows.

// inputOf is Bᵀ d.
func inputOf(d0, d1, d2, d3, d4, d5 float32) (_, _, _, _, _, _ float32) {
	evenA, oddA := d4-2*d2, rootHalf*(d3-2*d1)
	evenB, oddB := d4-d2/2, rootTwo*(d3-d1/2)
	return d0 + d4 - 2.5*d2, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, d1 + d5 - 2.5*d3
}

// outputOf is Aᵀ m.
func outputOf(m0, m1, m2, m3, m4, m5 float32) (_, _, _, _ float32) {
	sumA, difA, sumB, difB := m1+m2, m1-m2, m3+m4, m3-m4
	return m0 + sumA + sumB, rootHalf*difA + rootTwo*difB, sumA/2 + 2*sumB, rootHalf/2*difA + 2*rootTwo*difB + m5
}

// gradientOf is A y.
func gradientOf(y0, y1, y2, y3 float32) (_, _, _, _, _, _ float32) {
	evenA, oddA := y0+y2/2, rootHalf*(y1+y3/2)
	evenB, oddB := y0+2*y2, rootTwo*(y1+2*y3)
	return y0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, y3
}

// weightsOf is G g.
func weightsOf(g0, g1, g2 float32) (_, _, _, _, _, _ float32) {
	evenA, oddA := -(2*g0+g2)/3, -rootTwo/3*g1
	evenB, oddB := g0/6+g2/3, rootTwo/6*g1
	return g0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g2
}

// foldOf is Gᵀ u.
func foldOf(u0, u1, u2, u3, u4, u5 float32) (_, _, _ float32) {
	sumA, difA, sumB, difB := u1+u2, u1-u2, u3+u4, u3-u4
	return u0 - sumA*2/3 + sumB/6, difB*(rootTwo/6) - difA*(rootTwo/3), (sumB-sumA)/3 + u5
}

func winogradInput4Generic(x []float32, line, c int, dst []float32, plane, tile, tiles int) {
	var half [6][6]float32 // its columns are done
	for t := range tiles {
		for i := range c {
			from, to := x[4*t*c+i:], dst[t*tile+i:]
			for j := range half {
				at := j * c
				half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j] =
					inputOf(from[at], from[at+line], from[at+2*line], from[at+3*line], from[at+4*line], from[at+5*line])
			}
			for y := range half {
				r, at := &half[y], 6*y*plane
				to[at], to[at+plane], to[at+2*plane], to[at+3*plane], to[at+4*plane], to[at+5*plane] =
					inputOf(r[0], r[1], r[2], r[3], r[4], r[5])
			}
		}
		for p := range 36 {
			clear(dst[p*plane+t*tile+c : p*plane+(t+1)*tile])
		}
	}
}

func winogradOutput4Generic(m []float32, plane, tile int, y []float32, line, pixel, tiles, o int, add bool) {
	var half [4][6]float32
	for t := range tiles {
		for i := range o {
			from, to := m[t*tile+i:], y[4*t*pixel+i:]
			for j := range 6 {
				at := j * plane
				half[0][j], half[1][j], half[2][j], half[3][j] = outputOf(
					from[at], from[at+6*plane], from[at+12*plane], from[at+18*plane], from[at+24*plane], from[at+30*plane])
			}
			for y := range half {
				r, at := &half[y], y*line
				v0, v1, v2, v3 := outputOf(r[0], r[1], r[2], r[3], r[4], r[5])
				if add {
					v0, v1, v2, v3 = to[at]+v0, to[at+pixel]+v1, to[at+2*pixel]+v2, to[at+3*pixel]+v3
				}
				to[at], to[at+pixel], to[at+2*pixel], to[at+3*pixel] = v0, v1, v2, v3
			}
		}
	}
}

func winogradGradient4Generic(y []float32, line, o int, dst []float32, plane, tile, tiles int) {
	var half [6][4]float32
	for t := range tiles {
		for i := range o {
			from, to := y[4*t*o+i:], dst[t*tile+i:]
			for j := range 4 {
				at := j * o
				half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j] =
					gradientOf(from[at], from[at+line], from[at+2*line], from[at+3*line])
			}
			for y := range half {
				r, at := &half[y], 6*y*plane
				to[at], to[at+plane], to[at+2*plane], to[at+3*plane], to[at+4*plane], to[at+5*plane] =
					gradientOf(r[0], r[1], r[2], r[3])
			}
		}
		for p := range 36 {
			clear(dst[p*plane+t*tile+o : p*plane+(t+1)*tile])
		}
	}
}

func winogradWeights4Generic(w []float32, tap int, u []float32, plane, n int) {
	var half [6][3]float32
	for i := range n {
		for j := range 3 {
			half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j] =
				weightsOf(w[j*tap+i], w[(3+j)*tap+i], w[(6+j)*tap+i])
		}
		for y := range half {
			r, at := &half[y], 6*y*plane+i
			u[at], u[at+plane], u[at+2*plane], u[at+3*plane], u[at+4*plane], u[at+5*plane] = weightsOf(r[0], r[1], r[2])
		}
	}
}

func winogradFold4Generic(du []float32, plane int, dw []float32, tap, n int) {
	var half [3][6]float32
	for i := range n {
		for j := range 6 {
			at := j*plane + i
			half[0][j], half[1][j], half[2][j] =
				foldOf(du[at], du[at+6*plane], du[at+12*plane], du[at+18*plane], du[at+24*plane], du[at+30*plane])
		}
		for y := range half {
			r := &half[y]
			v0, v1, v2 := foldOf(r[0], r[1], r[2], r[3], r[4], r[5])
			dw[3*y*tap+i] += v0
			dw[(3*y+1)*tap+i] += v1
			dw[(3*y+2)*tap+i] += v2
		}
	}
}
