//go:build !noasm

package kernels

import "golang.org/x/sys/cpu"

func supported() level {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA || !x.HasBMI2:
		return generic
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ || !x.HasAVX512VL:
		return avx2
	}
	return avx512
}

func rowTile(a []float32, aoff []int, segs, segLen, segStep int, b, c []float32, coff []int, rows, cols int,
	alpha float32, add bool) {
	switch current {
	case avx512:
		rowTileAVX512(&a[0], &aoff[0], segs, segLen, segStep, &b[0], &c[0], &coff[0], rows, cols, alpha, add)
	case avx2:
		rowTileAVX2(&a[0], &aoff[0], segs, segLen, segStep, &b[0], &c[0], &coff[0], rows, cols, alpha, add)
	default:
		rowTileGeneric(a, aoff, segs, segLen, segStep, b, c, coff, rows, cols, alpha, add)
	}
}

func colTile(a, b []float32, segs, segLen, segA, segB, stepA, stepB int, c []float32, ldc, rows, cols int,
	alpha float32, add bool) {
	switch current {
	case avx512:
		colTileAVX512(&a[0], &b[0], segs, segLen, segA, segB, stepA, stepB, &c[0], ldc, rows, cols, alpha, add)
	case avx2:
		colTileAVX2(&a[0], &b[0], segs, segLen, segA, segB, stepA, stepB, &c[0], ldc, rows, cols, alpha, add)
	default:
		colTileGeneric(a, b, segs, segLen, segA, segB, stepA, stepB, c, ldc, rows, cols, alpha, add)
	}
}

func peak(n int) int64 {
	const chains = 12
	switch current {
	case avx512:
		peakAVX512(n)
		return int64(n) * chains * 2 * 16
	case avx2:
		peakAVX2(n)
		return int64(n) * chains * 2 * 8
	}
	return peakGeneric(n)
}
