package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// ConvBackward computes both gradients of ConvForward from dy, that of its result y. It sets dx to the gradient of x, or
// adds it with add, and adds to dw the gradient of w. Either may be nil; x is needed for dw only, w for dx only.
//
// With norm not nil, dy is the gradient of the result of a batch norm behind the convolution; y is then needed, and lost.
// Images are taken one after the other through all of it, so that what one step writes the next finds in the cache.
func ConvBackward(s Conv, dy []float32, norm *Norm, y, x, w, dx []float32, add bool, dw []float32) {
	outputs := s.N * s.OutH() * s.OutW()
	switch {
	case s.inPairs() && !s.empty() && !s.winograd():
		s.backwardPairs(dy, norm, y, x, w, dx, add, dw)
	case s.inPairs() && !s.empty():
		s.backwardWinograd(dy[:outputs*s.O], norm, y, x, w, dx, add, dw)
	case (s.rounds() || s.Packed || s.Before != nil && s.Before.Packed) && !s.empty():
		s.backwardRounded(dy, norm, y, x, w, dx, add, dw)
	case s.empty():
		if dx != nil && !add {
			clear(dx[:s.N*s.H*s.W*s.C])
		}
	case s.winograd() && newWinograd(s.H, s.W, s.C, s.O, false).byPlanes(deepSums):
		s.backwardDeep(dy[:outputs*s.O], norm, y, x, w, dx, add, dw)
	case s.winograd():
		s.backwardWinograd(dy[:outputs*s.O], norm, y, x, w, dx, add, dw)
	default:
		if norm != nil {
			norm.GradInput(y, dy, y, outputs, s.O)
			dy = y
		}
		if dx != nil {
			s.inputGradPlain(dy, w, dx, add)
		}
		if dw != nil {
			s.weightGradPlain(x, dy, dw)
		}
	}
}

func (s Conv) backwardWinograd(dy []float32, norm *Norm, y, x, w, dx []float32, add bool, dw []float32) {
	k, turned := newWinograd(s.H, s.W, s.C, s.O, s.inPairs()), newWinograd(s.H, s.W, s.O, s.C, s.inPairs())
	var u *scratch
	if dx != nil {
		u = turned.weights(w, true)
		defer putScratch(u)
	}
	// Fixed ranges of images give partial sums for dw.
	weights := k.planes * k.depth * k.width
	chunk := max((s.N+maxSums-1)/maxSums, min((s.N+1)/2, turned.band/k.rows))
	if dw != nil {
		const fewTiles = 64 // that make a sum worth its memory: more would leave cores without work
		most := min(maxPartials, max(2, partialValues/weights))
		chunk = max(chunk, (s.N+most-1)/most, min((s.N+1)/2, fewTiles/(k.rows*k.tiles)))
	}
	partials := (s.N + chunk - 1) / chunk
	var sums *scratch
	if dw != nil {
		sums = getScratch(partials * weights)
		defer putScratch(sums)
	}
	k.before = s.Before
	sum := k.forSums()
	group := max(1, sum.band/k.rows) // images at a time
	pixels := s.H * s.W
	parallel.For(partials, func(i int) {
		work, back := sum.work(), turned.work()
		defer work.free()
		defer back.free()
		gradient := getScratch(group * pixels * s.O)
		defer putScratch(gradient)
		if dw != nil {
			clear(sums.data[i*weights:][:weights])
		}
		for image := i * chunk; image < min(s.N, (i+1)*chunk); image += group {
			n := min(group, min(s.N, (i+1)*chunk)-image)
			at := image * pixels
			dy := dy[at*s.O:][:n*pixels*s.O]
			if norm != nil {
				s.gradient(gradient.data, dy, norm, y, at, n*pixels)
				dy = gradient.data
			}
			if dx != nil {
				turned.convolve(dx[at*s.C:][:n*pixels*s.C], dy, u.data, 0, n*k.rows, add, back)
			}
			if dw != nil {
				sum.addWeightGrad(sums.data[i*weights:][:weights], s.Before.from(x, at*s.C), dy, n*k.rows, work)
			}
		}
	})
	if dw != nil {
		k.fold(dw, addPartials(sums.data, partials, weights))
	}
}

// forSums has a band of as many tiles as the sum over them needs: one that is larger than the second-level cache should not be
// gone through for a few tiles.
func (k winogradConv) forSums() winogradConv {
	k.band = k.bestBand(1<<16, k.depth+k.width)
	if k.zips = k.pairs; k.pairs { // in which half as many steps go over the sums
		const some, values = 96, 1 << 17
		k.band = max(k.band, (min(some, values/(k.planes*(k.depth+k.width)))+k.tiles-1)/k.tiles)
	}
	const cached, tiles = 1 << 20, 128
	if k.planes*k.depth*k.width > cached {
		k.band = max(k.band, (tiles+k.tiles-1)/k.tiles)
	}
	return k
}

// addWeightGrad adds to du what rows of tiles give.
func (k winogradConv) addWeightGrad(du, x, dy []float32, rows int, work winogradWork) {
	for lo := 0; lo < rows; lo += k.band {
		hi := min(rows, lo+k.band)
		k.input(x, lo, hi, work)
		k.gradient(work.m.data, dy, work.zeros.data, work.edge.data, lo, hi)
		v, w := work.v.data, work.m.data
		if k.pairs {
			v, w = k.zip(work, hi-lo)
		}
		k.outer(du, v, w, hi-lo)
	}
}

// zip makes pairs of tiles of what is in pairs of channels.
func (k winogradConv) zip(work winogradWork, rows int) (v, w []float32) {
	tiles, twos := k.bandTiles(rows), Pairs(rows*k.tiles)
	fromV, fromW := planeSize(tiles, k.depth/2), planeSize(tiles, k.width/2)
	toV, toW := planeSize(tiles/2, k.depth), planeSize(tiles/2, k.width)
	v, w = work.zipped.data, work.zipped.data[k.planes*toV:]
	for p := range k.planes {
		zipNext(v[p*toV:], work.v.data[p*fromV:], twos, k.depth)
		zipNext(w[p*toW:], work.m.data[p*fromW:], twos, k.width)
	}
	return v, w
}

// gradient sets to to that of some pixels of the convolution's result, from the given one on, whose gradient behind the norm is
// dy. y is all of the result.
func (s Conv) gradient(to, dy []float32, norm *Norm, y []float32, at, pixels int) {
	if s.Packed {
		norm.gradInputPacked(to, dy, y[at*s.O/2:], pixels, s.O)
	} else {
		norm.gradInput(to, dy, y[at*s.O:], pixels, s.O)
	}
}
