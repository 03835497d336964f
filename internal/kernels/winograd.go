package kernels

// Convolutions of 3×3 kernels, stride 1 and padding 1 go by Winograd's algorithm (arXiv 1509.09308). In F(2×2, 3×3) a tile
// of 4×4 pixels of the input gives 2×2 pixels of the output. With each 4×4 tile, and each kernel, transformed into 16
// numbers, the 16 planes, a tile costs 16 products of matrices in place of 36:
//
//	V = Bᵀ x B,  U = G w Gᵀ,  M = V·U over the channels of each plane,  y = Aᵀ M A
//
//	     1  0 −1  0          1   0   0
//	Bᵀ = 0  1  1  0      G = ½   ½   ½      Aᵀ = 1  1  1  0
//	     0 −1  1  0          ½  −½   ½           0  1 −1  1
//	     0 −1  0  1          0   0   1
//
// F(4×4, 3×3) has tiles of 6×6 pixels for 4×4 outputs, and 36 products in place of 144: see winograd_four.go.
//
// The gradient of the input is the same with turned weights; that of the weights is Gᵀ(Σ Vᵀ·A dy Aᵀ)G. A pixel that is
// not finite spoils all outputs of every tile that reads it, up to one pixel further than the plain sum, or up to three.

// winograd says whether the convolution goes by Winograd's algorithm. That depends on the image and not on how many there are,
// so that an image gives the same bits in a batch of any size.
func (s Conv) winograd() bool {
	const fewTiles, fewChannels = 4, 8
	return s.KH == 3 && s.KW == 3 && s.Stride == 1 && s.Pad == 1 && s.C >= fewChannels && s.O >= fewChannels &&
		(s.H+1)/2*((s.W+1)/2) >= fewTiles
}

// winogradBlock is the number of rows that a product takes at a time, for panels of the given number of vectors.
func winogradBlock(vecs int) int {
	if current.lanes == 1 {
		return current.winograd
	}
	return current.winograd / vecs
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

// winogradConv is a convolution from c to o channels of images of h×w pixels, which are rows×tiles tiles.
type winogradConv struct {
	h, w, c, o  int
	out         int // outputs of a tile in a line: 2, or 4
	planes      int
	rows, tiles int // of tiles: rows of an image, tiles of a row
	depth       int // c, padded
	width       int // o, padded
	band        int // rows of tiles to work on at a time
	before      *Activation
	pairs       bool // of bfloat16 are multiplied
	zips        bool // pairs of tiles are made, for sums over them
	top         int  // the line that results begin with
}

// deep is the number of values of a tile's inputs in a plane, padded.
func (k winogradConv) deep() int {
	if k.pairs {
		return k.depth / 2
	}
	return k.depth
}

func newWinograd(h, w, c, o int, pairs bool) winogradConv {
	k := winogradConv{h: h, w: w, c: c, o: o, out: 2, pairs: pairs}
	if !pairs && byFours(h, w, c, o) {
		k.out = 4
	}
	k.planes = (k.out + 2) * (k.out + 2)
	k.rows, k.tiles = (h+k.out-1)/k.out, (w+k.out-1)/k.out
	k.depth, k.width = roundUp(c, current.winograd), current.tile.padded(o)
	k.band = k.bestBand(1<<17, k.depth+min(k.width, current.tile.cols))
	return k
}

// bestBand looks for a band that pads few tiles. It has enough tiles to make good use of the weights, and few enough that
// the given number of values, so many a tile in each plane, stays in the second-level cache.
func (k winogradConv) bestBand(values, tile int) int {
	const fewTiles = 16
	most := max(fewTiles, values/(k.planes*tile))
	best := (fewTiles + k.tiles - 1) / k.tiles
	for rows := best + 1; rows*k.tiles <= most; rows++ {
		if k.bandTiles(rows)*best < k.bandTiles(best)*rows {
			best = rows
		}
	}
	return best
}

// bandTiles is the number of tiles of a band of the given rows, padded to blocks of the narrowest panel.
func (k winogradConv) bandTiles(rows int) int {
	vecs := 2
	if rest := k.o % current.tile.cols; rest > 0 && rest <= current.tile.cols/2 {
		vecs = 1
	}
	return roundUp(rows*k.tiles, winogradBlock(vecs))
}

// planeSize is the distance of the planes of tiles rows of n values: one line of the cache more than they fill. Planes a
// large power of two apart would compete for the same few places of the cache.
func planeSize(tiles, n int) int { return tiles*n + 16 }

// line is the first line of pixels of a row of tiles.
func (k winogradConv) line(row int) int { return row/k.rows*k.h + row%k.rows*k.out }

// lines are the four rows of pixels that a row of tiles of its image reads, of which part has those from first on; zeros are
// there for missing ones.
func (k winogradConv) lines(part []float32, first int, zeros []float32, row int) (lines [4][]float32) {
	line, y := k.w*k.c, row%k.rows*2-1
	for i := range lines {
		if y+i >= 0 && y+i < k.h {
			lines[i] = part[(y+i-first)*line:][:line]
		} else {
			lines[i] = zeros[:line]
		}
	}
	return lines
}

// input sets work.v [planes, tiles, depth] to the transformed rows [lo, hi) of tiles of the images x. Padding tiles are zero.
func (k winogradConv) input(x []float32, lo, hi int, work winogradWork) {
	tiles := k.bandTiles(hi - lo)
	k.inputRows(work.v.data, planeSize(tiles, k.deep()), x, lo, hi, work)
	k.padInput(work.v.data, hi-lo, tiles)
}

// inputRows is input without padding, for planes that are plane apart.
func (k winogradConv) inputRows(v []float32, plane int, x []float32, lo, hi int, work winogradWork) {
	if k.out == 4 {
		k.inputFours(v, plane, x, lo, hi)
		return
	}
	line := k.w * k.c
	for row := lo; row < hi; {
		last := min(hi, (row/k.rows+1)*k.rows) // of the image
		part, first := k.before.from(x, row/k.rows*k.h*line), 0
		if k.before != nil {
			first = max(0, row%k.rows*2-1)
			end := min(k.h, (last-1)%k.rows*2+3)
			k.before.apply(work.part.data, k.before.from(part, first*line), (end-first)*k.w, k.c)
			part = work.part.data
		}
		for ; row < last; row++ {
			k.inputRow(v[(row-lo)*k.tiles*k.deep():], k.lines(part, first, work.zeros.data, row), plane)
		}
	}
}

func (k winogradConv) inputRow(v []float32, lines [4][]float32, plane int) {
	if k.pairs {
		winogradInputPairs(lines, k.c, v, plane, k.deep(), k.tiles, 1+k.w%2)
		return
	}
	winogradInput(lines, k.c, v, plane, k.depth, k.tiles, 1+k.w%2)
}

// padInput clears the tiles of v behind those of the rows.
func (k winogradConv) padInput(v []float32, rows, tiles int) {
	if tiles == rows*k.tiles {
		return
	}
	deep := k.deep()
	plane := planeSize(tiles, deep)
	for p := range k.planes {
		clear(v[p*plane+rows*k.tiles*deep : p*plane+tiles*deep])
	}
}

// multiply sets m [planes, tiles, width] to the products of v [planes, tiles, depth] with the weights u.
func (k winogradConv) multiply(m, v, u []float32, tiles int) {
	k.eachPanel(func(first, _, width int) {
		vecs := width / current.lanes
		rows := winogradBlock(vecs)
		if k.pairs {
			c := k.c / 2
			winogradProductPairs(v, u[k.planes*c*first:], m[first:], (tiles+rows-1)/rows, c, k.deep(), k.width, planeSize(tiles, k.deep()), c*width,
				planeSize(tiles, k.width), k.planes, vecs)
			return
		}
		winogradProduct(v, u[k.planes*k.c*first:], m[first:], (tiles+rows-1)/rows, k.c, k.depth, k.width,
			planeSize(tiles, k.depth), k.c*width, planeSize(tiles, k.width), k.planes, vecs)
	})
}

// outputRows sets the rows [lo, hi) of tiles of the images y to what m stands for, or with add adds it. The images have pixel
// values a pixel, of which the first o are set. edge is working memory for a row of tiles.
func (k winogradConv) outputRows(y []float32, pixel int, m, edge []float32, lo, hi, tiles int, add bool) {
	plane := planeSize(tiles, k.width)
	line := k.w * pixel
	used := line - pixel + k.o // a line, up to the last value that is set
	for row := lo; row < hi; row++ {
		top := row % k.rows * k.out
		lines := y[(row/k.rows*k.h+top-k.top)*line:]
		from := m[(row-lo)*k.tiles*k.width:]
		if k.w%k.out == 0 && top+k.out <= k.h {
			k.outputRow(lines[:(k.out-1)*line+used], line, pixel, from, plane, add)
			continue
		}
		whole := k.out * k.tiles * k.o
		k.outputRow(edge[:k.out*whole], whole, k.o, from, plane, false)
		for i := range min(k.out, k.h-top) {
			for x := range k.w {
				to, of := lines[i*line+x*pixel:][:k.o], edge[i*whole+x*k.o:][:k.o]
				if add {
					addTo(to, of)
				} else {
					copy(to, of)
				}
			}
		}
	}
}

// outputRow sets lines of y, line values apart, to what a row of tiles of m stands for, or adds it.
func (k winogradConv) outputRow(y []float32, line, pixel int, m []float32, plane int, add bool) {
	if k.out == 4 {
		winogradOutput4(m, plane, k.width, y, line, pixel, k.tiles, k.o, add)
		return
	}
	used := len(y) - line
	winogradOutput(m, plane, k.width, y[:used], y[line:], pixel, k.tiles, k.o, add)
}

// gradient sets w [planes, tiles, width] to the transformed rows [lo, hi) of tiles of the images dy, which have o channels.
func (k winogradConv) gradient(w, dy, zeros, edge []float32, lo, hi int) {
	wide := k.width
	if k.pairs {
		wide /= 2
	}
	plane := planeSize(k.bandTiles(hi-lo), wide)
	k.gradientRows(w, plane, dy, zeros, edge, lo, hi)
	if n := (hi - lo) * k.tiles; k.pairs && n%2 == 1 {
		for p := range k.planes {
			clear(w[p*plane+n*wide:][:wide])
		}
	}
}

// gradientRows is gradient without padding, for planes that are plane apart.
func (k winogradConv) gradientRows(w []float32, plane int, dy, zeros, edge []float32, lo, hi int) {
	if k.out == 4 {
		k.gradientFours(w, plane, dy, lo, hi)
		return
	}
	line := k.w * k.o
	for row := lo; row < hi; row++ {
		top := row % k.rows * 2
		at := (row/k.rows*k.h + top) * line
		upper, lower := dy[at:][:line], zeros
		if top+1 < k.h {
			lower = dy[at+line:][:line]
		}
		if k.w%2 == 1 { // a column of zeros more
			whole := 2 * k.tiles * k.o
			clear(edge[:2*whole])
			copy(edge, upper)
			copy(edge[whole:], lower[:line])
			upper, lower = edge[:whole], edge[whole:]
		}
		if k.pairs {
			winogradGradientPairs(upper, lower, k.o, w[(row-lo)*k.tiles*k.width/2:], plane, k.width/2, k.tiles)
		} else {
			winogradGradient(upper, lower, k.o, w[(row-lo)*k.tiles*k.width:], plane, k.width, k.tiles)
		}
	}
}

// outer adds to du [planes, depth, width], in panels, the products of the tiles of v and w.
func (k winogradConv) outer(du, v, w []float32, rows int) {
	tiles := k.bandTiles(rows)
	k.eachPanel(func(first, _, width int) {
		vecs := width / current.lanes
		if k.pairs {
			winogradOuterPairs(v, w[first:], du[k.planes*k.depth*first:], Pairs(rows*k.tiles), k.depth/winogradBlock(vecs), k.depth, k.width,
				planeSize(tiles/2, k.depth), planeSize(tiles/2, k.width), k.depth*width, k.planes, vecs)
			return
		}
		winogradOuter(v, w[first:], du[k.planes*k.depth*first:], rows*k.tiles, k.depth/winogradBlock(vecs), k.depth, k.width,
			planeSize(tiles, k.depth), planeSize(tiles, k.width), k.depth*width, k.planes, vecs)
	})
}

// winogradWork is the working memory of one core.
type winogradWork struct{ v, m, zeros, edge, part, zipped *scratch }

func (k winogradConv) work() winogradWork {
	tiles := k.bandTiles(k.band)
	wide := max(k.c, k.o)
	part := 0
	if k.before != nil && k.out == 2 {
		part = (2*k.band + 2) * k.w * k.c
	}
	zipped := 0
	if k.zips {
		zipped = k.planes * (planeSize(tiles/2, k.depth) + planeSize(tiles/2, k.width))
	}
	w := winogradWork{
		v: getScratch(k.planes * planeSize(tiles, k.depth)), m: getScratch(k.planes * planeSize(tiles, k.width)),
		zeros: getScratch(k.w * wide), edge: getScratch(k.out * k.out * k.tiles * k.o), part: getScratch(part), zipped: getScratch(zipped),
	}
	clear(w.zeros.data)
	return w
}

func (w winogradWork) free() {
	for _, s := range []*scratch{w.v, w.m, w.zeros, w.edge, w.part, w.zipped} {
		putScratch(s)
	}
}

// convolve sets the rows [lo, hi) of tiles of the images y to the convolution of x with the weights u, or with add adds it.
func (k winogradConv) convolve(y, x, u []float32, lo, hi int, add bool, work winogradWork) {
	for ; lo < hi; lo += k.band {
		end := min(hi, lo+k.band)
		k.input(x, lo, end, work)
		tiles := k.bandTiles(end - lo)
		k.eachPanel(func(first, n, width int) {
			part := k.panel(n, width)
			part.multiply(work.m.data, work.v.data, k.weightsFrom(u, first), tiles)
			part.outputRows(y[first:], k.o, work.m.data, work.edge.data, lo, end, tiles, add)
		})
	}
}

// panel is the convolution to n of the outputs, in width places.
func (k winogradConv) panel(n, width int) winogradConv {
	k.o, k.width = n, width
	return k
}

// weightsFrom are those of the panels from output first on.
func (k winogradConv) weightsFrom(u []float32, first int) []float32 {
	if k.pairs {
		return u[k.planes*k.c/2*first:]
	}
	return u[k.planes*k.c*first:]
}
