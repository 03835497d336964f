package kernels

// F(4×4, 3×3) has tiles of 6×6 pixels. Its polynomials are taken at 0, ±√½, ±√2 and infinity (arXiv 1803.10986 is on such
// points): errors are about twice those of the plain sum (TestLargestErrors), where the usual ±1 and ±2 round several times worse.
//
//	     1   0  −2½   0   1   0                                        1  1   1  1  1  0
//	     0  −√2  −2  √½   1   0      G = (gₚ)/Nₚ, gₚ = 1, p, p²       Aᵀ = 0  √½ −√½ √2 −√2 0
//	Bᵀ = 0  √2   −2  −√½  1   0      N = 1, −3/2, −3/2, 6, 6           0  ½   ½  2  2  0
//	     0  −√½  −½  √2   1   0      and 0, 0, 1 last                  0  √⅛ −√⅛ √8 −√8 1
//	     0  √½   −½  −√2  1   0
//	     0   1   0  −2½   0   1

const (
	rootHalf = 0.70710678118654752
	rootTwo  = 1.41421356237309505
)

// byFours says whether tiles of 4×4 outputs are used: where they need fewer products than those of 2×2, as far as the weights
// of the planes still fit the caches. In Go products take longer than weights take to come, and transforms of few channels longer still.
func byFours(h, w, c, o int) bool {
	const mostWeights, fewChannels = 1 << 22, 32
	if current.lanes == 1 && min(c, o) < fewChannels || current.lanes > 1 && 36*c*o > mostWeights {
		return false
	}
	return 36*((h+3)/4)*((w+3)/4) < 16*((h+1)/2)*((w+1)/2)
}

// inputFours is inputRows for tiles of 4×4 outputs.
func (k winogradConv) inputFours(v []float32, plane int, x []float32, lo, hi int) {
	for row := lo; row < hi; {
		image, first := row/k.rows, row%k.rows
		last := min(hi, (image+1)*k.rows)
		part := frame{h: k.h, w: k.w, c: k.c, top: 4*first - 1, left: -1, rows: 4*(last-row) + 2, cols: 4*k.tiles + 2}
		values, scratch := part.viewOf(k.before, x[image*k.h*k.w*k.c:][:k.h*k.w*k.c])
		line := part.cols * k.c
		for ; row < last; row++ {
			winogradInput4(values[(row%k.rows-first)*4*line:], line, k.c, v[(row-lo)*k.tiles*k.depth:], plane, k.depth, k.tiles)
		}
		putScratch(scratch)
	}
}

// gradientFours is gradientRows for tiles of 4×4 outputs.
func (k winogradConv) gradientFours(w []float32, plane int, dy []float32, lo, hi int) {
	for row := lo; row < hi; {
		image, first := row/k.rows, row%k.rows
		last := min(hi, (image+1)*k.rows)
		part := frame{h: k.h, w: k.w, c: k.o, top: 4 * first, rows: 4 * (last - row), cols: 4 * k.tiles}
		values, scratch := part.view(dy[image*k.h*k.w*k.o:][:k.h*k.w*k.o])
		line := part.cols * k.o
		for ; row < last; row++ {
			winogradGradient4(values[(row%k.rows-first)*4*line:], line, k.o, w[(row-lo)*k.tiles*k.width:], plane, k.width, k.tiles)
		}
		putScratch(scratch)
	}
}

// winogradInput4 sets the 36 planes, plane apart, of a row of tiles, tile apart in dst, to the transform of six lines of pixels of
// c channels, line values apart, which have 4·tiles+2 pixels.
func winogradInput4(x []float32, line, c int, dst []float32, plane, tile, tiles int) {
	_, _ = x[5*line+(4*tiles+2)*c-1], dst[35*plane+tiles*tile-1]
	if !winogradInput4Vec(&x[0], line, c, &dst[0], plane, tile, tiles, c) {
		winogradInput4Generic(x, line, c, dst, plane, tile, tiles)
	}
}

// winogradOutput4 sets four lines of pixels, line values apart, to what a row of tiles of the planes m gives, or adds that. Pixels are pixel
// values apart, of which the first o are channels.
func winogradOutput4(m []float32, plane, tile int, y []float32, line, pixel, tiles, o int, add bool) {
	_, _ = m[35*plane+tiles*tile-1], y[3*line+(4*tiles-1)*pixel+o-1]
	if !winogradOutput4Vec(&m[0], plane, tile, &y[0], line, pixel, tiles, o, add) {
		winogradOutput4Generic(m, plane, tile, y, line, pixel, tiles, o, add)
	}
}

// winogradGradient4 sets the planes of a row of tiles to the transform of the gradient of four lines of pixels, line values apart.
func winogradGradient4(y []float32, line, o int, dst []float32, plane, tile, tiles int) {
	_, _ = y[3*line+4*tiles*o-1], dst[35*plane+tiles*tile-1]
	if !winogradGradient4Vec(&y[0], line, o, &dst[0], plane, tile, tiles, o) {
		winogradGradient4Generic(y, line, o, dst, plane, tile, tiles)
	}
}

// winogradWeights4 is winogradWeights for 36 planes.
func winogradWeights4(w []float32, tap int, u []float32, plane, n int) {
	_, _ = w[8*tap+n-1], u[35*plane+roundUp(n, current.lanes)-1]
	if !winogradWeights4Vec(&w[0], tap, &u[0], plane, n) {
		winogradWeights4Generic(w, tap, u, plane, n)
	}
}

// winogradFold4 is winogradFold for 36 planes.
func winogradFold4(du []float32, plane int, dw []float32, tap, n int) {
	_, _ = du[35*plane+n-1], dw[8*tap+n-1]
	if !winogradFold4Vec(&du[0], plane, &dw[0], tap, n) {
		winogradFold4Generic(du, plane, dw, tap, n)
	}
}
