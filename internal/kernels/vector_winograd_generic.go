//go:build !amd64 || noasm

package kernels

func winogradInput(lines [4][]float32, c int, dst []float32, plane, tile, tiles, right int) {
	winogradInputGeneric(lines, c, dst, plane, tile, tiles, right)
}

func winogradOutput(m []float32, plane, tile int, y0, y1 []float32, o, tiles int, add bool) {
	winogradOutputGeneric(m, plane, tile, y0, y1, o, tiles, add)
}

func winogradGradient(y0, y1 []float32, o int, dst []float32, plane, tile, tiles int) {
	winogradGradientGeneric(y0, y1, o, dst, plane, tile, tiles)
}

func winogradProduct(v, u, m []float32, blocks, depth, ldv, ldm, planeV, planeU, planeM, vecs int) {
	winogradProductGeneric(v, u, m, blocks, depth, ldv, ldm, planeV, planeU, planeM, vecs)
}

func winogradOuter(v, w, du []float32, tiles, blocks, ldv, ldw, planeV, planeW, planeU, vecs int) {
	winogradOuterGeneric(v, w, du, tiles, blocks, ldv, ldw, planeV, planeW, planeU, vecs)
}

func winogradWeights(w []float32, tap int, u []float32, plane, n int) {
	winogradWeightsGeneric(w, tap, u, plane, n)
}

func winogradFold(du []float32, plane int, dw []float32, tap, n int) {
	winogradFoldGeneric(du, plane, dw, tap, n)
}
