package kernels

// The steps of Winograd's algorithm on the planes of a band. Channels lie next to each other.

// winogradInput sets the 16 planes, plane apart, of a row of tiles, tile apart in dst, to the transform of four rows of
// pixels of c channels. Before the first column and, right columns, behind the last one, there are zeros.
func winogradInput(lines [4][]float32, c int, dst []float32, plane, tile, tiles, right int) {
	_ = dst[15*plane+tiles*tile-1]
	pixels := 2*tiles + 1 - right
	for _, l := range lines {
		_ = l[pixels*c-1]
	}
	if !winogradInputVec(&lines[0][0], &lines[1][0], &lines[2][0], &lines[3][0], c, &dst[0], plane, tile, tiles, c, right) {
		winogradInputGeneric(lines, c, dst, plane, tile, tiles, right)
	}
}

// winogradInputPairs is winogradInput, rounded to pairs of channels.
func winogradInputPairs(lines [4][]float32, c int, dst []float32, plane, tile, tiles, right int) {
	_ = dst[15*plane+tiles*tile-1]
	pixels := 2*tiles + 1 - right
	for _, l := range lines {
		_ = l[pixels*c-1]
	}
	if winogradInputPairsVec(&lines[0][0], &lines[1][0], &lines[2][0], &lines[3][0], c, &dst[0], plane, tile, tiles, c, right) {
		return
	}
	roundPlanes(dst, plane, tile*tiles, func(whole []float32) { winogradInput(lines, c, whole, 2*plane, 2*tile, tiles, right) })
}

// roundPlanes sets n values of each plane of dst to those that set writes.
func roundPlanes(dst []float32, plane, n int, set func(whole []float32)) {
	whole := getScratch(16 * 2 * plane)
	defer putScratch(whole)
	clear(whole.data)
	set(whole.data)
	for p := range 16 {
		toBFloat16(dst[p*plane:][:n], whole.data[2*p*plane:][:2*n])
	}
}

// winogradOutput sets two rows of pixels, pixel values apart, of which the first o are channels, to what a row of tiles of the
// planes m gives, or adds that.
func winogradOutput(m []float32, plane, tile int, y0, y1 []float32, pixel, tiles, o int, add bool) {
	last := (2*tiles-1)*pixel + o - 1
	_, _, _ = m[15*plane+tiles*tile-1], y0[last], y1[last]
	if !winogradOutputVec(&m[0], plane, tile, &y0[0], &y1[0], pixel, tiles, o, add) {
		winogradOutputGeneric(m, plane, tile, y0, y1, pixel, tiles, o, add)
	}
}

// winogradGradient sets the planes of a row of tiles to the transform of the gradient of two rows of pixels.
func winogradGradient(y0, y1 []float32, o int, dst []float32, plane, tile, tiles int) {
	_, _, _ = dst[15*plane+tiles*tile-1], y0[2*tiles*o-1], y1[2*tiles*o-1]
	if !winogradGradientVec(&y0[0], &y1[0], o, &dst[0], plane, tile, tiles, o) {
		winogradGradientGeneric(y0, y1, o, dst, plane, tile, tiles)
	}
}

// winogradGradientPairs is winogradGradient, rounded to pairs of channels.
func winogradGradientPairs(y0, y1 []float32, o int, dst []float32, plane, tile, tiles int) {
	_, _, _ = dst[15*plane+tiles*tile-1], y0[2*tiles*o-1], y1[2*tiles*o-1]
	if winogradGradientPairsVec(&y0[0], &y1[0], o, &dst[0], plane, tile, tiles, o) {
		return
	}
	roundPlanes(dst, plane, tile*tiles, func(whole []float32) { winogradGradient(y0, y1, o, whole, 2*plane, 2*tile, tiles) })
}

// winogradProduct sets m = v·u for each plane: blocks of rows of v, ldv apart and depth values of each, times a panel u of
// vecs vectors.
func winogradProduct(v, u, m []float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs int) {
	width, rows := vecs*current.lanes, blocks*winogradBlock(vecs)
	_, _, _ = v[(planes-1)*planeV+(rows-1)*ldv+depth-1], u[(planes-1)*planeU+depth*width-1], m[(planes-1)*planeM+(rows-1)*ldm+width-1]
	if !winogradProductVec(&v[0], &u[0], &m[0], blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs) {
		winogradProductGeneric(v, u, m, blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs)
	}
}

// winogradProductPairs is winogradProduct of pairs.
func winogradProductPairs(v, u, m []float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs int) {
	width, rows := vecs*current.lanes, blocks*winogradBlock(vecs)
	_, _, _ = v[(planes-1)*planeV+(rows-1)*ldv+depth-1], u[(planes-1)*planeU+depth*width-1], m[(planes-1)*planeM+(rows-1)*ldm+width-1]
	if winogradProductPairsVec(&v[0], &u[0], &m[0], blocks, depth, ldv, ldm, planeV, planeU, planeM, planes, vecs) {
		return
	}
	for p := range planes {
		for r := range rows {
			rowTilePairs(v[p*planeV+r*ldv:], []int{0}, 1, depth, 0, u[p*planeU:], m[p*planeM+r*ldm:], []int{0}, 1, width, 1, false)
		}
	}
}

// winogradOuter adds to du, for each plane, vᵀ·w over the tiles: blocks of columns of v, each times a row of w of vecs
// vectors.
func winogradOuter(v, w, du []float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs int) {
	width, rows := vecs*current.lanes, blocks*winogradBlock(vecs)
	_, _, _ = v[(planes-1)*planeV+(tiles-1)*ldv+rows-1], w[(planes-1)*planeW+(tiles-1)*ldw+width-1], du[(planes-1)*planeU+rows*width-1]
	if !winogradOuterVec(&v[0], &w[0], &du[0], tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs) {
		winogradOuterGeneric(v, w, du, tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs)
	}
}

// winogradOuterPairs is winogradOuter of pairs of tiles.
func winogradOuterPairs(v, w, du []float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs int) {
	width, rows := vecs*current.lanes, blocks*winogradBlock(vecs)
	_, _, _ = v[(planes-1)*planeV+(tiles-1)*ldv+rows-1], w[(planes-1)*planeW+(tiles-1)*ldw+width-1], du[(planes-1)*planeU+rows*width-1]
	if winogradOuterPairsVec(&v[0], &w[0], &du[0], tiles, blocks, ldv, ldw, planeV, planeW, planeU, planes, vecs) {
		return
	}
	for p := range planes {
		colTilePairs(v[p*planeV:], w[p*planeW:], 1, tiles, 0, 0, ldv, ldw, du[p*planeU:], width, rows, width, 1, true)
	}
}

// winogradWeights sets n columns of the planes of u to the transform of those of nine taps. On vectors, columns up to the
// next whole vector become zero.
func winogradWeights(w []float32, tap int, u []float32, plane, n int) {
	_, _ = w[8*tap+n-1], u[15*plane+roundUp(n, current.lanes)-1]
	if !winogradWeightsVec(&w[0], tap, &u[0], plane, n) {
		winogradWeightsGeneric(w, tap, u, plane, n)
	}
}

// winogradFold adds to n columns of nine taps what the planes of du give.
func winogradFold(du []float32, plane int, dw []float32, tap, n int) {
	_, _ = du[15*plane+n-1], dw[8*tap+n-1]
	if !winogradFoldVec(&du[0], plane, &dw[0], tap, n) {
		winogradFoldGeneric(du, plane, dw, tap, n)
	}
}
