package kernels

import "sync"

// pixels says for each output pixel of a convolution where what it reads starts and where its result goes.
type pixels struct{ from, to []int }

var pixelsPool = sync.Pool{New: func() any { return new(pixels) }}

// getPixels returns no pixels; putPixels takes them back.
func getPixels() *pixels {
	p := pixelsPool.Get().(*pixels)
	p.from, p.to = p.from[:0], p.to[:0]
	return p
}

func putPixels(p *pixels) { pixelsPool.Put(p) }

// grid adds rows×cols pixels, whose indices differ by the given steps from one row or column to the next.
func (p *pixels) grid(rows, cols, fromRow, fromCol, toRow, toCol int) {
	for y := range rows {
		for x := range cols {
			p.from = append(p.from, y*fromRow+x*fromCol)
			p.to = append(p.to, y*toRow+x*toCol)
		}
	}
}

// multiply runs the product, whose panel and columns it sets, for the first n pixels and all packed panels of outputs
// columns.
func (p *pixels) multiply(product rowProduct, packed []float32, outputs, n int) {
	t, depth, c := current.tile, product.segs*product.segLen, product.c
	for j := 0; j < outputs; j += t.cols {
		product.panel, product.c, product.cols = packed[j*depth:], c[j:], min(t.cols, outputs-j)
		product.run(p.from[:n], p.to[:n])
	}
}
