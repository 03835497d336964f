package kernels

// The tile kernels on pairs of bfloat16 in Go: any height, and columns of the level's tile. They give the bits of those in
// assembly.

func rowTilePairs(a []float32, aoff []int, segs, segLen, segStep int, b, c []float32, coff []int, rows, cols int, alpha float32, add bool) {
	if rowTilePairsVec(&a[0], &aoff[0], segs, segLen, segStep, &b[0], &c[0], &coff[0], rows, cols, alpha, add) {
		return
	}
	width := current.tile.panel(cols)
	var sums [32]float32
	for r := range rows {
		clear(sums[:])
		rest := b
		for s := range segs {
			for _, v := range a[aoff[r]+s*segStep:][:segLen] {
				addPairsRow(sums[:cols], v, rest)
				rest = rest[width:]
			}
		}
		storePairs(c[coff[r]:][:cols], sums[:], alpha, add)
	}
}

func colTilePairs(a, b []float32, segs, segLen, segA, segB, stepA, stepB int, c []float32, ldc, rows, cols int, alpha float32, add bool) {
	if colTilePairsVec(&a[0], &b[0], segs, segLen, segA, segB, stepA, stepB, &c[0], ldc, rows, cols, alpha, add) {
		return
	}
	var sums [32]float32
	for r := range rows {
		clear(sums[:])
		for s := range segs {
			for k := range segLen {
				addPairsRow(sums[:cols], a[s*segA+k*stepA+r], b[s*segB+k*stepB:])
			}
		}
		storePairs(c[r*ldc:][:cols], sums[:], alpha, add)
	}
}

func addPairsRow(sums []float32, v float32, row []float32) {
	for j, w := range row[:len(sums)] {
		sums[j] = addPairs(sums[j], v, w)
	}
}

func storePairs(row, sums []float32, alpha float32, add bool) {
	for j := range row {
		v := float32(alpha * sums[j])
		if add {
			v += row[j]
		}
		row[j] = v
	}
}
