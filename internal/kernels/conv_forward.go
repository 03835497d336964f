package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// forwardPlain makes no copy of the windows: a kernel of KH×KW pixels is KH runs of adjacent values, KW·C each. The weights
// are packed. With add the result is added to y.
func (s Conv) forwardPlain(x, packed, bias, y []float32, add bool, each eachFunc, sum, sumsq []float64) {
	if s.pointwise() {
		var scratch *scratch
		s, x, scratch = s.flat(x)
		defer putScratch(scratch)
	}
	outH, outW := s.OutH(), s.OutW()
	rows := s.bandRows(frameValues)
	if s.pointwise() {
		rows = s.pointRows()
	}
	if s.N < fewImages {
		rows = min(rows, max(1, outH*s.N/fewImages))
		if rows*outW < fewRows*current.tile.rows && s.O > current.tile.cols {
			s.forwardFew(x, packed, bias, y, add, each, sum, sumsq)
			return
		}
	}
	first := s.frame(0, rows)
	points := getPixels()
	defer putPixels(points)
	points.grid(rows, outW, s.Stride*first.cols*s.C, s.Stride*s.C, outW*s.O, s.O)
	bands := (outH + rows - 1) / rows
	tasks := s.N * bands
	chunk := (tasks + maxSums - 1) / maxSums
	sumChunks((tasks+chunk-1)/chunk, len(sum), func(i int, sums []float64) {
		for task := i * chunk; task < min(tasks, (i+1)*chunk); task++ {
			image, lo := task/bands, task%bands*rows
			hi := min(outH, lo+rows)
			values, scratch := s.frame(lo, hi).viewOf(s.Before, x[image*s.H*s.W*s.C:][:s.H*s.W*s.C])
			out := y[(image*outH+lo)*outW*s.O:][:(hi-lo)*outW*s.O]
			s.startWith(out, bias)
			product := rowProduct{
				a: values, segs: s.KH, segLen: s.KW * s.C, segStep: first.cols * s.C, c: out, alpha: 1, add: add || bias != nil,
			}
			points.multiply(product, packed, s.O, (hi-lo)*outW)
			putScratch(scratch)
			each(out, (image*outH+lo)*outW, sums)
		}
	}, sum, sumsq)
}

// fewRows are the tiles that a band should be high, so that it is worth to go through all weights for it.
const fewRows = 4

// forwardFew is forwardPlain for few images of few pixels. Cores share the outputs rather than the rows, so that each panel of
// weights is read for all pixels.
func (s Conv) forwardFew(x, packed, bias, y []float32, add bool, each eachFunc, sum, sumsq []float64) {
	outH, outW, depth, t := s.OutH(), s.OutW(), s.KH*s.KW*s.C, current.tile
	whole := s.frame(0, outH)
	points := getPixels()
	defer putPixels(points)
	points.grid(outH, outW, s.Stride*whole.cols*s.C, s.Stride*s.C, outW*s.O, s.O)
	some := fewRows * t.rows // pixels at a time
	width := roundUp(min(s.O, fewCols), t.cols)
	blocks, parts := (outH*outW+some-1)/some, (s.O+width-1)/width
	for image := range s.N {
		values, scratch := whole.viewOf(s.Before, x[image*s.H*s.W*s.C:][:s.H*s.W*s.C])
		out := y[image*outH*outW*s.O:][:outH*outW*s.O]
		s.startWith(out, bias)
		parallel.For(blocks*parts, func(task int) {
			j, lo := task/blocks*width, task%blocks*some
			hi := min(outH*outW, lo+some)
			product := rowProduct{a: values, segs: s.KH, segLen: s.KW * s.C, segStep: whole.cols * s.C, alpha: 1, add: add || bias != nil}
			for end := min(s.O, j+width); j < end; j += t.cols {
				product.panel, product.c, product.cols = packed[j*depth:], out[j:], min(t.cols, end-j)
				product.run(points.from[lo:hi], points.to[lo:hi])
			}
		})
		putScratch(scratch)
	}
	s.eachPixel(y, each, sum, sumsq)
}

// fewCols are the outputs that a core takes at a time.
const fewCols = 32

// eachPixel calls each for all pixels of y.
func (s Conv) eachPixel(y []float32, each eachFunc, sum, sumsq []float64) {
	pixels := s.N * s.OutH() * s.OutW()
	chunk := max((pixels+maxSums-1)/maxSums, (chunkSize+s.O-1)/s.O)
	sumChunks((pixels+chunk-1)/chunk, len(sum), func(i int, sums []float64) {
		each(y[i*chunk*s.O:min(pixels, (i+1)*chunk)*s.O], i*chunk, sums)
	}, sum, sumsq)
}

// startWith sets the pixels of y to bias, unless that is nil. Products are added to it.
func (s Conv) startWith(y, bias []float32) {
	if bias == nil {
		return
	}
	for p := 0; p < len(y); p += s.O {
		copy(y[p:p+s.O], bias)
	}
}

func (s Conv) forwardWinograd(x, u, y []float32, each eachFunc, sum, sumsq []float64) {
	k := newWinograd(s.H, s.W, s.C, s.O, s.inPairs())
	tasks := s.N * k.rows
	k.band = min(k.band, (tasks+1)/2) // at least two bands, for two cores
	if bands := (tasks + k.band - 1) / k.band; bands < fewImages && bands*current.tile.cols < s.O {
		x, scratch := s.activated(x)
		defer putScratch(scratch)
		to := y
		if s.Packed {
			whole := getScratch(s.N * s.H * s.W * s.O)
			defer putScratch(whole)
			to = whole.data
		}
		k.convolveFew(to, x, u, tasks)
		s.eachPixel(to, each, sum, sumsq)
		if s.Packed {
			ToBFloat16(y, to)
		}
		return
	}
	k.before = s.Before
	if k.byPlanes(deepWeights) {
		k.convolveDeep(y, x, u, s.N, false)
		s.eachPixel(y, each, sum, sumsq)
		return
	}
	chunk := roundUp((tasks+maxSums-1)/maxSums, k.band)
	sumChunks((tasks+chunk-1)/chunk, len(sum), func(i int, sums []float64) {
		work := k.work()
		defer work.free()
		const bands = 4 // whose results fit the second-level cache, too
		k, values := k, 0
		if s.Packed {
			values = bands * k.band * 2 * s.W * s.O
		}
		result := getScratch(values)
		defer putScratch(result)
		last := min(tasks, (i+1)*chunk)
		for lo := i * chunk; lo < last; lo += bands * k.band {
			hi := min(last, lo+bands*k.band)
			from, end := k.line(lo)*s.W*s.O, k.line(hi)*s.W*s.O
			if s.Packed {
				k.top = k.line(lo)
				out := result.data[:end-from]
				k.convolve(out, x, u, lo, hi, false, work)
				each(out, k.line(lo)*s.W, sums)
				toBFloat16(y[from/2:], out)
				continue
			}
			k.convolve(y, x, u, lo, hi, false, work)
			each(y[from:end], k.line(lo)*s.W, sums)
		}
	}, sum, sumsq)
}

// convolveFew is convolve for few rows of tiles, all of them. Cores share the outputs rather than the rows.
func (k winogradConv) convolveFew(y, x, u []float32, rows int) {
	tiles, zeros := k.bandTiles(rows), getScratch(k.w*k.c)
	defer putScratch(zeros)
	clear(zeros.data)
	plane := planeSize(tiles, k.deep())
	v := getScratch(k.planes * plane)
	defer putScratch(v)
	parallel.For(rows, func(row int) {
		k.inputRows(v.data[row*k.tiles*k.deep():], plane, x, row, row+1, winogradWork{zeros: zeros})
	})
	k.padInput(v.data, rows, tiles)
	t := current.tile
	width := roundUp(min(k.o, fewCols), t.cols)
	parallel.For((k.o+width-1)/width, func(part int) {
		first := part * width
		n := min(width, k.o-first)
		sized := k.panel(n, t.padded(n))
		m, edge := getScratch(k.planes*planeSize(tiles, sized.width)), getScratch(k.out*k.out*k.tiles*n)
		defer putScratch(m)
		defer putScratch(edge)
		sized.multiply(m.data, v.data, k.weightsFrom(u, first), tiles)
		sized.outputRows(y[first:], k.o, m.data, edge.data, 0, rows, tiles, false)
	})
}
