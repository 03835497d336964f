package main

// neonChannels writes the passes of batch norm.
func neonChannels(a *arm64) {
	a.columns("channelSums", []string{"x"}, func(b *neonBlock) {
		sum, sq := b.take(2), b.take(2)
		const v, lo, hi = 24, 25, 26
		for i := range sum {
			a.zero(sum[i])
			a.zero(sq[i])
		}
		b.eachRow("rows", 1, func(i int) {
			b.get(v, 0, i)
			a.halves(lo, hi, v)
			a.op("FADD.2D", sum[2*i], sum[2*i], lo)
			a.op("FADD.2D", sum[2*i+1], sum[2*i+1], hi)
			a.op("FMLA.2D", sq[2*i], lo, lo)
			a.op("FMLA.2D", sq[2*i+1], hi, hi)
		}, func() {
			b.storeSums("sum", sum)
			b.storeSums("sumsq", sq)
		})
	})

	a.columns("scaleShift", []string{"y", "x", "shortcut"}, func(b *neonBlock) {
		const v, t, floor = 24, 25, 31
		scale, shift := b.values("scale"), b.values("shift")
		a.broadcast(floor, "floor")
		row := func(add bool) func(i int) {
			return func(i int) {
				b.get(v, 1, i)
				a.mov(t, shift[i])
				a.op("FMLA.4S", t, v, scale[i])
				if add {
					b.get(v, 2, i)
					a.op("FADD.4S", t, t, v)
				}
				a.op("FMAX.4S", t, t, floor) // NaN stays
				b.put(t, 0, i)
			}
		}
		a.line("CBZ R2, %splain", b.name)
		b.eachRow("add", 3, row(true), nil)
		a.label(b.name + "plain")
		b.eachRow("rows", 2, row(false), nil)
	})

	// maskByInput sets g to 0 where x·scale + shift is not positive; t is lost.
	maskByInput := func(g, x, t, scale, shift int) {
		a.mov(t, shift)
		a.op("FMLA.4S", t, x, scale)
		a.positive(g, t)
	}

	a.columns("batchNormGradSums", []string{"dy", "x", "y"}, func(b *neonBlock) {
		const g, x, lo, hi, xlo, xhi, t, scale, shift = 20, 21, 22, 23, 24, 25, 26, 27, 28
		sum, sumX, mean := b.take(2), b.take(2), b.values("mean")
		for i := range sum {
			a.zero(sum[i])
			a.zero(sumX[i])
		}
		const plain, byResult, byInput = 0, 1, 2
		loop := func(suffix string, slices, mask int) {
			b.eachRow(suffix, slices, func(i int) {
				b.get(g, 0, i)
				if mask == byResult {
					b.get(t, 2, i)
					a.positive(g, t)
					b.put(g, 0, i)
				}
				b.get(x, 1, i)
				if mask == byInput {
					b.get(scale, 5, i)
					b.get(shift, 6, i)
					maskByInput(g, x, t, scale, shift)
				}
				a.op("FSUB.4S", x, x, mean[i])
				a.halves(lo, hi, g)
				a.halves(xlo, xhi, x)
				a.op("FADD.2D", sum[2*i], sum[2*i], lo)
				a.op("FADD.2D", sum[2*i+1], sum[2*i+1], hi)
				a.op("FMLA.2D", sumX[2*i], lo, xlo)
				a.op("FMLA.2D", sumX[2*i+1], hi, xhi)
			}, func() {
				b.storeSums("sumG", sum)
				b.storeSums("sumGX", sumX)
			})
		}
		a.line("CBZ R2, %sinput", b.name)
		loop("masked", 3, byResult)
		a.label(b.name + "input")
		b.pointer(5, "scale")
		b.pointer(6, "shift")
		a.line("CBZ R5, %splain", b.name)
		loop("inputs", 2, byInput)
		a.label(b.name + "plain")
		loop("rows", 2, plain)
	})

	a.columns("batchNormGradInput", []string{"dx", "dy", "x"}, func(b *neonBlock) {
		const g, x, t, d = 24, 25, 26, 27
		mean, k1, k2, k3 := b.values("mean"), b.values("k1"), b.values("k2"), b.values("k3")
		scale, shift := b.take(1), b.take(1)
		loop := func(suffix string, masked bool) {
			b.eachRow(suffix, 3, func(i int) {
				b.get(g, 1, i)
				b.get(x, 2, i)
				if masked {
					maskByInput(g, x, t, scale[i], shift[i])
				}
				a.op("FSUB.4S", x, x, mean[i])
				a.mov(d, k3[i])
				a.op("FMLA.4S", d, g, k1[i])
				a.op("FMLA.4S", d, x, k2[i])
				b.put(d, 0, i)
			}, nil)
		}
		b.pointer(5, "scale")
		b.pointer(6, "shift")
		a.line("CBZ R5, %splain", b.name)
		for i := range scale {
			b.get(scale[i], 5, i)
			b.get(shift[i], 6, i)
		}
		loop("masked", true)
		a.label(b.name + "plain")
		loop("rows", false)
	})
}
