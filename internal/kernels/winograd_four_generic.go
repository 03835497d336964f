package kernels

// The steps of F(4×4, 3×3) in Go. Each transform is done twice, down the columns and along the rows.

// inputOf is Bᵀ d.
func inputOf(d [6]float32) [6]float32 {
	evenA, oddA := d[4]-2*d[2], rootHalf*(d[3]-2*d[1])
	evenB, oddB := d[4]-d[2]/2, rootTwo*(d[3]-d[1]/2)
	return [6]float32{d[0] + d[4] - 2.5*d[2], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, d[1] + d[5] - 2.5*d[3]}
}

// outputOf is Aᵀ m.
func outputOf(m [6]float32) [4]float32 {
	sumA, difA, sumB, difB := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
	return [4]float32{m[0] + sumA + sumB, rootHalf*difA + rootTwo*difB, sumA/2 + 2*sumB, rootHalf/2*difA + 2*rootTwo*difB + m[5]}
}

// gradientOf is A y.
func gradientOf(y [4]float32) [6]float32 {
	evenA, oddA := y[0]+y[2]/2, rootHalf*(y[1]+y[3]/2)
	evenB, oddB := y[0]+2*y[2], rootTwo*(y[1]+2*y[3])
	return [6]float32{y[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, y[3]}
}

// weightsOf is G g.
func weightsOf(g [3]float32) [6]float32 {
	evenA, oddA := -(2*g[0]+g[2])/3, -rootTwo/3*g[1]
	evenB, oddB := g[0]/6+g[2]/3, rootTwo/6*g[1]
	return [6]float32{g[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g[2]}
}

// foldOf is Gᵀ u.
func foldOf(u [6]float32) [3]float32 {
	sumA, difA, sumB, difB := u[1]+u[2], u[1]-u[2], u[3]+u[4], u[3]-u[4]
	return [3]float32{u[0] - sumA*2/3 + sumB/6, difB*(rootTwo/6) - difA*(rootTwo/3), (sumB-sumA)/3 + u[5]}
}

func winogradInput4Generic(x []float32, line, c int, dst []float32, plane, tile, tiles int) {
	for t := range tiles {
		for i := range c {
			from, to := x[4*t*c+i:], dst[t*tile+i:]
			var rows [6][6]float32
			for j := range 6 {
				at := j * c
				column := inputOf([6]float32{from[at], from[at+line], from[at+2*line], from[at+3*line], from[at+4*line], from[at+5*line]})
				for y, v := range column {
					rows[y][j] = v
				}
			}
			for y, r := range rows {
				for j, v := range inputOf(r) {
					to[(6*y+j)*plane] = v
				}
			}
		}
		for p := range 36 {
			clear(dst[p*plane+t*tile+c : p*plane+(t+1)*tile])
		}
	}
}

func winogradOutput4Generic(m []float32, plane, tile int, y []float32, line, pixel, tiles, o int, add bool) {
	for t := range tiles {
		for i := range o {
			from, to := m[t*tile+i:], y[4*t*pixel+i:]
			var rows [4][6]float32
			for j := range 6 {
				at := func(r int) float32 { return from[(6*r+j)*plane] }
				for r, v := range outputOf([6]float32{at(0), at(1), at(2), at(3), at(4), at(5)}) {
					rows[r][j] = v
				}
			}
			for r, row := range rows {
				for j, v := range outputOf(row) {
					at := r*line + j*pixel
					if add {
						v += to[at]
					}
					to[at] = v
				}
			}
		}
	}
}

func winogradGradient4Generic(y []float32, line, o int, dst []float32, plane, tile, tiles int) {
	for t := range tiles {
		for i := range o {
			from, to := y[4*t*o+i:], dst[t*tile+i:]
			var rows [6][4]float32
			for j := range 4 {
				at := j * o
				for r, v := range gradientOf([4]float32{from[at], from[at+line], from[at+2*line], from[at+3*line]}) {
					rows[r][j] = v
				}
			}
			for r, row := range rows {
				for j, v := range gradientOf(row) {
					to[(6*r+j)*plane] = v
				}
			}
		}
		for p := range 36 {
			clear(dst[p*plane+t*tile+o : p*plane+(t+1)*tile])
		}
	}
}

func winogradWeights4Generic(w []float32, tap int, u []float32, plane, n int) {
	for i := range n {
		var rows [6][3]float32
		for j := range 3 {
			for r, v := range weightsOf([3]float32{w[j*tap+i], w[(3+j)*tap+i], w[(6+j)*tap+i]}) {
				rows[r][j] = v
			}
		}
		for r, row := range rows {
			for j, v := range weightsOf(row) {
				u[(6*r+j)*plane+i] = v
			}
		}
	}
}

func winogradFold4Generic(du []float32, plane int, dw []float32, tap, n int) {
	for i := range n {
		var rows [3][6]float32
		for j := range 6 {
			at := func(r int) float32 { return du[(6*r+j)*plane+i] }
			for r, v := range foldOf([6]float32{at(0), at(1), at(2), at(3), at(4), at(5)}) {
				rows[r][j] = v
			}
		}
		for r, row := range rows {
			for j, v := range foldOf(row) {
				dw[(3*r+j)*tap+i] += v
			}
		}
	}
}
