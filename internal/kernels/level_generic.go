//go:build !amd64 || noasm

package kernels

func supported() level { return generic }

func rowTile(a []float32, aoff []int, segs, segLen, segStep int, b, c []float32, coff []int, rows, cols int,
	alpha float32, add bool) {
	rowTileGeneric(a, aoff, segs, segLen, segStep, b, c, coff, rows, cols, alpha, add)
}

func colTile(a, b []float32, segs, segLen, segA, segB, stepA, stepB int, c []float32, ldc, rows, cols int,
	alpha float32, add bool) {
	colTileGeneric(a, b, segs, segLen, segA, segB, stepA, stepB, c, ldc, rows, cols, alpha, add)
}

func peak(n int) int64 { return peakGeneric(n) }
