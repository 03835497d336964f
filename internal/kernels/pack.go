package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// packPanels copies a depth×cols matrix, stored cols×depth with trans, into panels: panel j, at depth·j·tileSize.cols
// of packed, holds its columns from j·tileSize.cols on, and zeros where there are none.
func packPanels(packed []float32, trans bool, b []float32, ldb, depth, cols int) {
	t := current.tile
	panels := (cols + t.cols - 1) / t.cols
	parallel.Range(panels, max(1, chunkSize/(depth*t.cols)), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			first := j * t.cols
			n := min(t.cols, cols-first)
			packPanel(packed[first*depth:], t.panel(n), trans, b[offset(!trans, first, ldb):], ldb, depth, n)
		}
	})
}

func packPanel(panel []float32, width int, trans bool, b []float32, ldb, depth, cols int) {
	if cols < width {
		clear(panel[:depth*width])
	}
	if trans {
		transpose(panel, width, b, ldb, cols, depth)
		return
	}
	for p := range depth {
		from, to := b[p*ldb:][:cols], panel[p*width:][:cols]
		switch cols { // spare the whole panels a call
		case 32:
			*(*[32]float32)(to) = [32]float32(from)
		case 16:
			*(*[16]float32)(to) = [16]float32(from)
		default:
			copy(to, from)
		}
	}
}
