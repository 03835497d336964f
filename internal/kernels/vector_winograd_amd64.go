//go:build !noasm

package kernels

// winogradInput sets the 16 planes, plane apart, of a row of tiles, tile apart in dst, to the transform of four rows of
// pixels of c channels. Before the first column and, right columns, behind the last one, there are zeros.
func winogradInput(lines [4][]float32, c int, dst []float32, plane, tile, tiles, right int) {
	_ = dst[15*plane+tiles*tile-1]
	pixels := 2*tiles + 1 - right
	for _, l := range lines {
		_ = l[pixels*c-1]
	}
	switch current {
	case avx512:
		winogradInputAVX512(&lines[0][0], &lines[1][0], &lines[2][0], &lines[3][0], c, &dst[0], plane, tile, tiles, c, right)
	case avx2:
		winogradInputAVX2(&lines[0][0], &lines[1][0], &lines[2][0], &lines[3][0], c, &dst[0], plane, tile, tiles, c, right)
	default:
		winogradInputGeneric(lines, c, dst, plane, tile, tiles, right)
	}
}

// winogradOutput sets two rows of pixels of o channels to what a row of tiles of the planes m gives, or adds that.
func winogradOutput(m []float32, plane, tile int, y0, y1 []float32, o, tiles int, add bool) {
	_, _, _ = m[15*plane+tiles*tile-1], y0[2*tiles*o-1], y1[2*tiles*o-1]
	switch current {
	case avx512:
		winogradOutputAVX512(&m[0], plane, tile, &y0[0], &y1[0], o, tiles, o, add)
	case avx2:
		winogradOutputAVX2(&m[0], plane, tile, &y0[0], &y1[0], o, tiles, o, add)
	default:
		winogradOutputGeneric(m, plane, tile, y0, y1, o, tiles, add)
	}
}

// winogradGradient sets the planes of a row of tiles to the transform of the gradient of two rows of pixels.
func winogradGradient(y0, y1 []float32, o int, dst []float32, plane, tile, tiles int) {
	_, _, _ = dst[15*plane+tiles*tile-1], y0[2*tiles*o-1], y1[2*tiles*o-1]
	switch current {
	case avx512:
		winogradGradientAVX512(&y0[0], &y1[0], o, &dst[0], plane, tile, tiles, o)
	case avx2:
		winogradGradientAVX2(&y0[0], &y1[0], o, &dst[0], plane, tile, tiles, o)
	default:
		winogradGradientGeneric(y0, y1, o, dst, plane, tile, tiles)
	}
}

// winogradProduct sets m = v·u for each plane: blocks of rows of v, ldv apart and depth values of each, times a panel u of
// vecs vectors.
func winogradProduct(v, u, m []float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, vecs int) {
	lanes, _, _ := winogradUnits()
	rows := blocks * winogradBlock(vecs)
	_, _, _ = v[15*planeV+(rows-1)*ldv+depth-1], u[15*planeU+depth*vecs*lanes-1], m[15*planeM+(rows-1)*ldm+vecs*lanes-1]
	switch current {
	case avx512:
		winogradProductAVX512(&v[0], &u[0], &m[0], blocks, depth, ldv, ldm, planeV, planeU, planeM, vecs)
	case avx2:
		winogradProductAVX2(&v[0], &u[0], &m[0], blocks, depth, ldv, ldm, planeV, planeU, planeM, vecs)
	default:
		winogradProductGeneric(v, u, m, blocks, depth, ldv, ldm, planeV, planeU, planeM, vecs)
	}
}

// winogradOuter adds to du, for each plane, vᵀ·w over the tiles: blocks of columns of v, each times a row of w of vecs
// vectors.
func winogradOuter(v, w, du []float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, vecs int) {
	lanes, _, _ := winogradUnits()
	rows := blocks * winogradBlock(vecs)
	_, _, _ = v[15*planeV+(tiles-1)*ldv+rows-1], w[15*planeW+(tiles-1)*ldw+vecs*lanes-1], du[15*planeU+rows*vecs*lanes-1]
	switch current {
	case avx512:
		winogradOuterAVX512(&v[0], &w[0], &du[0], tiles, blocks, ldv, ldw, planeV, planeW, planeU, vecs)
	case avx2:
		winogradOuterAVX2(&v[0], &w[0], &du[0], tiles, blocks, ldv, ldw, planeV, planeW, planeU, vecs)
	default:
		winogradOuterGeneric(v, w, du, tiles, blocks, ldv, ldw, planeV, planeW, planeU, vecs)
	}
}

// winogradWeights sets n columns of the planes of u to the transform of those of nine taps. On vectors, columns up to the
// next whole vector become zero.
func winogradWeights(w []float32, tap int, u []float32, plane, n int) {
	lanes, _, _ := winogradUnits()
	_, _ = w[8*tap+n-1], u[15*plane+roundUp(n, lanes)-1]
	switch current {
	case avx512:
		winogradWeightsAVX512(&w[0], tap, &u[0], plane, n)
	case avx2:
		winogradWeightsAVX2(&w[0], tap, &u[0], plane, n)
	default:
		winogradWeightsGeneric(w, tap, u, plane, n)
	}
}

// winogradFold adds to n columns of nine taps what the planes of du give.
func winogradFold(du []float32, plane int, dw []float32, tap, n int) {
	_, _ = du[15*plane+n-1], dw[8*tap+n-1]
	switch current {
	case avx512:
		winogradFoldAVX512(&du[0], plane, &dw[0], tap, n)
	case avx2:
		winogradFoldAVX2(&du[0], plane, &dw[0], tap, n)
	default:
		winogradFoldGeneric(du, plane, dw, tap, n)
	}
}
