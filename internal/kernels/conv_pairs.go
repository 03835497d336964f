package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// forwardPairs is forwardPlain on pairs of channels.
func (s Conv) forwardPairs(x, packed, bias, y []float32, each eachFunc, sum, sumsq []float64) {
	outH, outW, depth := s.OutH(), s.OutW(), s.C/2
	rows := s.bandRows(frameValues)
	if s.N < fewImages {
		rows = min(rows, max(1, outH*s.N/fewImages))
	}
	first := s.frame(0, rows)
	points := getPixels()
	defer putPixels(points)
	points.grid(rows, outW, s.Stride*first.cols*depth, s.Stride*depth, outW*s.O, s.O)
	bands := (outH + rows - 1) / rows
	tasks := s.N * bands
	chunk := (tasks + maxSums - 1) / maxSums
	sumChunks((tasks+chunk-1)/chunk, len(sum), func(i int, sums []float64) {
		values := 0
		if s.Packed {
			values = rows * outW * s.O
		}
		result := getScratch(values)
		defer putScratch(result)
		for task := i * chunk; task < min(tasks, (i+1)*chunk); task++ {
			image, lo := task/bands, task%bands*rows
			hi := min(outH, lo+rows)
			values, scratch := s.frame(lo, hi).viewPairs(s.Before, s.image(x, image))
			at, n := (image*outH+lo)*outW*s.O, (hi-lo)*outW*s.O
			out := result.data
			if !s.Packed {
				out = y[at:][:n]
			}
			s.startWith(out[:n], bias)
			product := rowProduct{a: values, segs: s.KH, segLen: s.KW * depth, segStep: first.cols * depth, c: out, alpha: 1,
				add: bias != nil, pairs: true}
			points.multiply(product, packed, s.O, (hi-lo)*outW)
			putScratch(scratch)
			each(out[:n], (image*outH+lo)*outW, sums)
			if s.Packed {
				toBFloat16(y[at/2:], out[:n])
			}
		}
	}, sum, sumsq)
}

// image is the part of x that is image i.
func (s Conv) image(x []float32, i int) []float32 {
	size := s.H * s.W * s.C
	if s.Before != nil && s.Before.Packed {
		size /= 2
	}
	return x[i*size:][:size]
}

// backwardPairs is ConvBackward on pairs: of channels for the gradient of the input, of images for that of the weights. Two
// images after the other go through all of it.
func (s Conv) backwardPairs(dy []float32, norm *Norm, y, x, w, dx []float32, add bool, dw []float32) {
	pixels := s.OutH() * s.OutW()
	var image frame
	var phases []inputPhase
	if dx != nil {
		packed := getScratch(s.KH * s.KW * s.O / 2 * current.tile.padded(s.C))
		defer putScratch(packed)
		image, phases = s.inputPhases(w, packed.data, true)
		defer func() {
			for _, p := range phases {
				putPixels(p.points)
			}
		}()
	}
	twos, weights := (s.N+1)/2, s.KH*s.KW*s.C*s.O
	many := dw != nil && s.C*s.O >= manyWeights
	partials := max(1, min(twos, maxSums))
	var sums, dy16 *scratch
	switch {
	case many:
		dy16 = getScratch(s.N * pixels * s.O / 2)
		defer putScratch(dy16)
	case dw != nil:
		partials = max(1, min(twos, maxPartials, max(2, partialValues/weights)))
		sums = getScratch(partials * weights)
		defer putScratch(sums)
	}
	chunk := (twos + partials - 1) / partials
	partials = (twos + chunk - 1) / chunk
	parallel.For(partials, func(i int) {
		half := pixels * s.O / 2
		both := getScratch(2 * half)
		defer putScratch(both)
		if sums != nil {
			clear(sums.data[i*weights:][:weights])
		}
		for two := i * chunk; two < min(twos, (i+1)*chunk); two++ {
			n := min(2, s.N-2*two)
			of := both.data
			if many {
				of = dy16.data[2*two*half:]
			}
			for j := range n {
				s.gradientPairs(of[j*half:][:half], dy, norm, y, 2*two+j)
				if dx != nil {
					s.inputGradPairs(image, phases, of[j*half:][:half], dx[(2*two+j)*s.H*s.W*s.C:][:s.H*s.W*s.C], add)
				}
			}
			if sums != nil {
				clear(of[n*half : 2*half])
				s.addWeightGradPairs(sums.data[i*weights:][:weights], x, of, 2*two, n)
			}
		}
	})
	switch {
	case many:
		s.weightGradProductsPairs(x, dy16.data, dw)
	case dw != nil:
		addTo(dw, addPartials(sums.data, partials, weights))
	}
}

// gradientPairs sets to to the gradient of an image of the convolution's result.
func (s Conv) gradientPairs(to, dy []float32, norm *Norm, y []float32, image int) {
	pixels := s.OutH() * s.OutW()
	dy = dy[image*pixels*s.O:][:pixels*s.O]
	if norm == nil {
		toBFloat16(to, dy)
		return
	}
	rows := packedRows(s.O)
	part := getScratch(rows * s.O)
	defer putScratch(part)
	for lo := 0; lo < pixels; lo += rows {
		n := min(rows, pixels-lo)
		s.gradient(part.data[:n*s.O], dy[lo*s.O:], norm, y, image*pixels+lo, n)
		toBFloat16(to[lo*s.O/2:], part.data[:n*s.O])
	}
}

// inputGradPairs sets dx, one image, or adds to it, what dy gives, which is in pairs.
func (s Conv) inputGradPairs(image frame, phases []inputPhase, dy, dx []float32, add bool) {
	if !add && (s.KH < s.Stride || s.KW < s.Stride) {
		clear(dx) // some pixels see no tap
	}
	image.c /= 2
	values, scratch := image.view(dy)
	defer putScratch(scratch)
	for _, p := range phases {
		product := rowProduct{a: values, segs: p.tapsY, segLen: p.tapsX * s.O / 2, segStep: image.cols * s.O / 2, c: dx, alpha: 1,
			add: add, pairs: true}
		p.points.multiply(product, p.packed, s.C, len(p.points.from))
	}
}

// addWeightGradPairs adds what n images from the given one on give, one or two. dy has two in pairs of channels.
func (s Conv) addWeightGradPairs(sum, x, dy []float32, image, n int) {
	outH, outW := s.OutH(), s.OutW()
	whole := s.frame(0, outH)
	size, half := whole.size(), outH*outW*s.O/2
	dys := getScratch(2 * half)
	defer putScratch(dys)
	zipRows(dys.data, dy[:half], dy[half:], 2*half)
	xs := getScratch(size)
	defer putScratch(xs)
	first, a := whole.viewPairs(s.Before, s.image(x, image))
	defer putScratch(a)
	second, b := first, getScratch(0)
	if n == 2 {
		second, b = whole.viewPairs(s.Before, s.image(x, image+1))
	}
	defer putScratch(b)
	zipRows(xs.data, first, second, size)
	line, run, t := whole.cols*s.C, s.KW*s.C, current.tile
	rows := s.bandRows(bandValues)
	for top := 0; top < outH; top += rows {
		product := colProduct{segs: min(rows, outH-top), segLen: outW, segA: s.Stride * line, segB: outW * s.O, stepA: s.Stride * s.C,
			stepB: s.O, ldc: s.O, alpha: 1, add: true, pairs: true}
		for ky := range s.KH {
			for j := 0; j < s.O; j += t.cols {
				product.a, product.b = xs.data[(top*s.Stride+ky)*line:], dys.data[top*outW*s.O+j:]
				product.c, product.cols = sum[ky*run*s.O+j:], min(t.cols, s.O-j)
				product.run(run)
			}
		}
	}
}

// weightGradProductsPairs is weightGradProducts on pairs of outputs that follow each other. dy is in pairs of channels.
func (s Conv) weightGradProductsPairs(x, dy, dw []float32) {
	if !s.Before.stored() {
		all := getScratch(s.N * s.H * s.W * s.C / 2)
		defer putScratch(all)
		size := s.H * s.W * s.C / 2
		parallel.For(s.N, func(i int) {
			frame{h: s.H, w: s.W, c: s.C, rows: s.H, cols: s.W}.pairs(all.data[i*size:][:size], s.Before, s.image(x, i))
		})
		x = all.data
	}
	pixels := s.N * s.OutH() * s.OutW()
	partials := max(1, min(pixels/productPixels, maxPartials, partialValues/len(dw)))
	if partials == 1 {
		s.addTapGradsPairs(dw, x, dy, 0, pixels, 1)
		return
	}
	sums := getScratch(partials * len(dw))
	defer putScratch(sums)
	parallel.For(partials, func(i int) {
		s.addTapGradsPairs(sums.data[i*len(dw):][:len(dw)], x, dy, i*pixels/partials, (i+1)*pixels/partials, 0)
	})
	addTo(dw, addPartials(sums.data, partials, len(dw)))
}

// addTapGradsPairs adds what the outputs [lo, hi) give to beta times sum. x and dy are in pairs of channels.
func (s Conv) addTapGradsPairs(sum, x, dy []float32, lo, hi int, beta float32) {
	run := s.KW * s.C
	most := min(roundUp(hi-lo, 2), tapPixels)
	seen, xs, dys := getScratch(most*run/2), getScratch(most/2*run), getScratch(most/2*s.O)
	defer putScratch(seen)
	defer putScratch(xs)
	defer putScratch(dys)
	direct := s.KH == 1 && s.KW == 1 && s.Stride == 1 && s.Pad == 0
	half := s
	half.C /= 2
	for ; lo < hi; lo += tapPixels {
		n := min(tapPixels, hi-lo)
		zipEach(dys.data, dy[lo*s.O/2:], n, s.O)
		for ky := range s.KH {
			of := seen.data
			if direct {
				of = x[lo*s.C/2:]
			} else {
				half.gather(of, x, lo, n, ky)
			}
			zipEach(xs.data, of, n, run)
			gemm(true, true, false, run, s.O, Pairs(n), 1, xs.data, run, dys.data, s.O, beta, sum[ky*run*s.O:], s.O)
		}
		beta = 1
	}
}

// zipEach makes pairs of every two of n rows of x, which are of c numbers. Behind an odd last one there are zeros.
func zipEach(y, x []float32, n, c int) {
	parallel.Range(Pairs(n), max(1, chunkSize/c), func(lo, hi int) {
		zipNext(y[lo*c:], x[lo*c:], min(hi, n/2)-lo, c)
		if hi > n/2 { // an odd row
			zeros := getScratch(c / 2)
			clear(zeros.data)
			zipRows(y[n/2*c:], x[n/2*c:], zeros.data, c)
			putScratch(zeros)
		}
	})
}
