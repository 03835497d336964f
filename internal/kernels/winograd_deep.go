package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// Layers of many channels have few pixels and more weights than the caches hold, so that to go through these for each band of tiles
// takes longer than the products. Their tiles are transformed first, some images at a time; then each plane is one product of
// matrices, of which cores share the planes and panels; then come the results. Sums run over the channels in the order that
// bands have, to the same bits, so that an image gives the same in a batch of any size.

const (
	deepWeights = 1 << 21 // in all planes
	deepSums    = 1 << 20 // which bands read and write
	deepTiles   = 256     // at a time
)

// byPlanes says that each plane is multiplied as a whole where there are at least so many weights.
func (k winogradConv) byPlanes(weights int) bool {
	return !k.pairs && current.lanes > 1 && k.planes*k.c*k.o >= weights
}

// eachGroup calls do for rows of tiles of whole images, as many as are worked on at a time.
func (k winogradConv) eachGroup(images int, do func(lo, hi int)) {
	some := max(1, deepTiles/(k.rows*k.tiles))
	for i := 0; i < images; i += some {
		do(i*k.rows, min(images, i+some)*k.rows)
	}
}

// eachImage calls do on several cores for the rows [lo, hi) of tiles of one image after the other.
func (k winogradConv) eachImage(lo, hi int, do func(lo, hi int)) {
	parallel.Range(hi-lo, k.rows, func(from, end int) { do(lo+from, lo+end) })
}

// convolveAll is convolve for all rows of tiles of some images.
func (k winogradConv) convolveAll(y, x, u []float32, images int, add bool) {
	if k.byPlanes(deepWeights) {
		k.convolveDeep(y, x, u, images, add)
		return
	}
	parallel.Range(images*k.rows, k.band, func(lo, hi int) {
		work := k.work()
		defer work.free()
		k.convolve(y, x, u, lo, hi, add, work)
	})
}

// convolveDeep is convolveAll plane by plane.
func (k winogradConv) convolveDeep(y, x, u []float32, images int, add bool) {
	k.eachGroup(images, func(lo, hi int) {
		n := (hi - lo) * k.tiles
		planeV, planeM := planeSize(n, k.depth), planeSize(n, k.width)
		v, m := getScratch(k.planes*planeV), getScratch(k.planes*planeM)
		defer putScratch(v)
		defer putScratch(m)
		k.inputDeep(v.data, x, lo, hi)
		points := getPixels()
		defer putPixels(points)
		points.grid(n, 1, k.depth, 0, k.width, 0)
		k.eachProduct(func(p, first, cols, width int) {
			product := rowProduct{a: v.data[p*planeV:], segs: 1, segLen: k.c, panel: u[k.planes*k.c*first+p*k.c*width:],
				c: m.data[p*planeM+first:], cols: cols, alpha: 1}
			product.run(points.from, points.to)
		})
		k.eachImage(lo, hi, func(from, end int) {
			work := k.imageWork()
			defer work.free()
			k.outputRows(y, k.o, m.data[(from-lo)*k.tiles*k.width:], work.edge.data, from, end, n, add)
		})
	})
}

// imageWork is the working memory for the steps of one image.
func (k winogradConv) imageWork() winogradWork {
	k.band = k.rows
	return k.work()
}

// inputDeep sets the planes of v to the transformed rows [lo, hi) of tiles.
func (k winogradConv) inputDeep(v, x []float32, lo, hi int) {
	plane := planeSize((hi-lo)*k.tiles, k.depth)
	k.eachImage(lo, hi, func(from, end int) {
		work := k.imageWork()
		defer work.free()
		k.inputRows(v[(from-lo)*k.tiles*k.depth:], plane, x, from, end, work)
	})
}

// eachProduct calls do on several cores for each plane and the n outputs from first on of each panel, in width places.
func (k winogradConv) eachProduct(do func(plane, first, n, width int)) {
	t := current.tile
	panels := (k.o + t.cols - 1) / t.cols
	parallel.For(k.planes*panels, func(task int) {
		first := task % panels * t.cols
		n := min(t.cols, k.o-first)
		do(task/panels, first, n, t.panel(n))
	})
}

// weightGradDeep adds to dw the gradient of the weights.
func (k winogradConv) weightGradDeep(dw, x, dy []float32, images int) {
	du := getScratch(k.planes * k.depth * k.width)
	defer putScratch(du)
	k.eachGroup(images, func(lo, hi int) {
		n := (hi - lo) * k.tiles
		planeV, planeW := planeSize(n, k.depth), planeSize(n, k.width)
		v, w := getScratch(k.planes*planeV), getScratch(k.planes*planeW)
		defer putScratch(v)
		defer putScratch(w)
		k.inputDeep(v.data, x, lo, hi)
		k.eachImage(lo, hi, func(from, end int) {
			work := k.imageWork()
			defer work.free()
			k.gradientRows(w.data[(from-lo)*k.tiles*k.width:], planeW, dy, work.zeros.data, work.edge.data, from, end)
		})
		k.eachProduct(func(p, first, cols, width int) {
			product := colProduct{a: v.data[p*planeV:], b: w.data[p*planeW+first:], segs: 1, segLen: n, stepA: k.depth, stepB: k.width,
				c: du.data[k.planes*k.depth*first+p*k.depth*width:], ldc: width, cols: cols, alpha: 1, add: lo > 0}
			product.run(k.c)
		})
	})
	k.fold(dw, du.data)
}

// backwardDeep is backwardWinograd plane by plane.
func (s Conv) backwardDeep(dy []float32, norm *Norm, y, x, w, dx []float32, add bool, dw []float32) {
	if norm != nil {
		norm.GradInput(y, dy, y, s.N*s.H*s.W, s.O)
		dy = y
	}
	if dx != nil {
		turned := newWinograd(s.H, s.W, s.O, s.C, false)
		u := turned.weights(w, true)
		defer putScratch(u)
		turned.convolveAll(dx, dy, u.data, s.N, add)
	}
	if dw != nil {
		k := newWinograd(s.H, s.W, s.C, s.O, false)
		k.before = s.Before
		k.weightGradDeep(dw, x, dy, s.N)
	}
}
