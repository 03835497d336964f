package main

// neonBlock is one variant of a loop down a block of columns: regs registers of four, or with part 1 a single column.
type neonBlock struct {
	*arm64
	regs, part int
	name       string // of its labels
	next       int    // vector register
}

// The general registers of the loops down columns: R0 to R4 point into rows, R5 to R8 are for the variants.
const (
	colStride, colRows, colCols, colOffset, colLeft, colTmp = 9, 10, 11, 12, 13, 14
)

// take returns n registers for each of the block's.
func (b *neonBlock) take(n int) []int {
	v := make([]int, n*b.regs)
	for i := range v {
		v[i] = b.next
		b.next++
	}
	if b.next > 32 {
		panic("gen: out of vector registers")
	}
	return v
}

func (b *neonBlock) get(v, r, i int) {
	if b.part == 1 {
		b.line("FMOVS (R%d), F%d", r, v)
	} else {
		b.ldr(v, r, 16*i)
	}
}

func (b *neonBlock) put(v, r, i int) {
	if b.part == 1 {
		b.line("FMOVS F%d, (R%d)", v, r)
	} else {
		b.str(v, r, 16*i)
	}
}

// pointer loads an argument, and adds the place of the block unless it is nil.
func (b *neonBlock) pointer(r int, name string) {
	b.load(r, name)
	b.line("CBZ R%d, %snil%s", r, b.name, name)
	b.line("ADD R%d, R%d, R%d", colOffset, r, r)
	b.label(b.name + "nil" + name)
}

// values loads the block's part of an argument into registers of its own.
func (b *neonBlock) values(name string) []int {
	v := b.take(1)
	b.pointer(colTmp, name)
	for i := range v {
		b.get(v[i], colTmp, i)
	}
	return v
}

// columns writes the variants of a function of the given slices, whose rows R0 and on point into. A block of fewer columns
// than eight is done in fours, and then one by one.
func (a *arm64) columns(name string, slices []string, write func(b *neonBlock)) {
	a.begin(name, 0)
	a.loadBytes(colStride, "stride")
	a.load(colCols, "cols")
	a.line("MOVD $0, R%d", colOffset)
	a.line("CMP $16, R%d", colCols)
	a.line("BEQ four")
	a.line("CMP $8, R%d", colCols)
	a.line("BEQ two")
	a.label("rest")
	a.line("CMP $4, R%d", colCols)
	a.line("BGE one")
	a.line("CBNZ R%d, single", colCols)
	a.line("RET")
	for _, v := range []struct {
		name       string
		regs, part int
	}{{"four", 4, 4}, {"two", 2, 4}, {"one", 1, 4}, {"single", 1, 1}} {
		b := &neonBlock{arm64: a, regs: v.regs, part: v.part, name: v.name}
		a.label(b.name)
		for i, s := range slices {
			b.pointer(i, s)
		}
		a.load(colLeft, "rows")
		write(b)
	}
}

// eachRow writes a loop over the rows, whose slices are the first n, and then what finish writes; it goes on to the columns
// that are left.
func (b *neonBlock) eachRow(suffix string, n int, body func(i int), finish func()) {
	b.label(b.name + suffix)
	for i := range b.regs {
		body(i)
	}
	for r := range n {
		b.line("ADD R%d, R%d, R%d", colStride, r, r)
	}
	b.line("SUBS $1, R%d, R%d", colLeft, colLeft)
	b.line("BNE %s%s", b.name, suffix)
	if finish != nil {
		finish()
	}
	if b.regs > 1 {
		b.line("RET")
		return
	}
	b.line("ADD $%d, R%d, R%d", 4*b.part, colOffset, colOffset)
	b.line("SUB $%d, R%d, R%d", b.part, colCols, colCols)
	b.line("B rest")
}

// storeSums writes float64 sums, low and high halves of registers in turn.
func (b *neonBlock) storeSums(name string, sums []int) {
	b.load(colTmp, name)
	b.line("ADD R%d<<1, R%d, R%d", colOffset, colTmp, colTmp)
	if b.part == 1 {
		b.line("FMOVD F%d, (R%d)", sums[0], colTmp)
		return
	}
	for i := 0; i < len(sums); i += 2 {
		b.stp(sums[i], sums[i+1], colTmp, 16*i)
	}
}

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
