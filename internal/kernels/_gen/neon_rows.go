package main

import "math"

// elements writes body for registers of four of the elements that register n counts, and then for one at a time: part says
// how many. name ends the labels. The pointers are moved on, those of wide by twice as much. n may be 0.
func (a *arm64) elements(name string, n int, pointers, wide []int, body func(part int)) {
	next := func(bytes int) {
		for _, p := range pointers {
			a.line("ADD $%d, R%d, R%d", bytes, p, p)
		}
		for _, p := range wide {
			a.line("ADD $%d, R%d, R%d", 2*bytes, p, p)
		}
	}
	a.line("SUBS $4, R%d, R%d", n, n)
	a.line("BLT rest%s", name)
	a.label("four" + name)
	body(4)
	next(16)
	a.line("SUBS $4, R%d, R%d", n, n)
	a.line("BGE four%s", name)
	a.label("rest" + name)
	a.line("ADDS $4, R%d, R%d", n, n)
	a.line("BEQ end%s", name)
	a.label("one" + name)
	body(1)
	next(4)
	a.line("SUBS $1, R%d, R%d", n, n)
	a.line("BNE one%s", name)
	a.label("end" + name)
}

// streams is elements for pointers among the arguments, which are loaded into R0 and on. It ends the function.
func (a *arm64) streams(names []string, body func(part int)) {
	pointers := make([]int, len(names))
	for i, name := range names {
		pointers[i] = i
		a.load(i, name)
	}
	n := len(names)
	a.load(n, "n")
	a.elements("", n, pointers, nil, body)
	a.line("RET")
}

// get and put move a part of a register at a pointer. A part is 4 or 1.
func (a *arm64) get(part, v, r int) { a.loadPart(part, v, r, 0) }
func (a *arm64) put(part, v, r int) { a.storePart(part, v, r, 0) }

// halves converts the lanes of v to float64: the lower ones to lo, the upper ones to hi.
func (a *arm64) halves(lo, hi, v int) {
	a.op2("FCVTL", lo, v)
	a.op2("FCVTL2", hi, v)
}

// join converts float64 lanes to the lanes of v, which is not hi.
func (a *arm64) join(v, lo, hi int) {
	a.op2("FCVTN", v, lo)
	a.op2("FCVTN2", v, hi)
}

// neonElements writes loops over n elements, n a multiple of eight.
func neonElements(a *arm64) {
	eight := func(name string, pointers []string, setup func(), body func()) {
		a.begin(name, 0)
		for i, p := range pointers {
			a.load(i, p)
		}
		n := len(pointers)
		a.load(n, "n")
		setup()
		a.line("CBZ R%d, end", n)
		a.label("loop")
		body()
		for i := range pointers {
			a.line("ADD $32, R%d, R%d", i, i)
		}
		a.line("SUBS $8, R%d, R%d", n, n)
		a.line("BNE loop")
		a.label("end")
		a.line("RET")
	}
	const alpha, lo = 16, 17
	eight("addScaled", []string{"dst", "x"}, func() { a.loadScalar(alpha, "alpha") }, func() {
		a.ldp(0, 1, 0, 0)
		a.ldp(2, 3, 1, 0)
		a.fmlaLane(0, 2, alpha, 0)
		a.fmlaLane(1, 3, alpha, 0)
		a.stp(0, 1, 0, 0)
	})
	eight("scale", []string{"x"}, func() { a.loadScalar(alpha, "alpha") }, func() {
		a.ldp(0, 1, 0, 0)
		a.fmulLane(0, 0, alpha, 0)
		a.fmulLane(1, 1, alpha, 0)
		a.stp(0, 1, 0, 0)
	})
	eight("subTwo", []string{"y", "x"}, func() { a.broadcast(alpha, "hi", "lo") }, func() {
		a.ldp(0, 1, 1, 0)
		for _, v := range []int{alpha, lo} {
			a.op("FSUB.4S", 0, 0, v)
			a.op("FSUB.4S", 1, 1, v)
		}
		a.stp(0, 1, 0, 0)
	})
	eight("relu", []string{"y", "x"}, func() { a.zero(alpha) }, func() {
		a.ldp(0, 1, 1, 0)
		a.op("FMAX.4S", 0, 0, alpha)
		a.op("FMAX.4S", 1, 1, alpha)
		a.stp(0, 1, 0, 0)
	})
	eight("reluGrad", []string{"dx", "dy", "y"}, func() {}, func() {
		a.ldp(0, 1, 0, 0)
		a.ldp(2, 3, 1, 0)
		a.ldp(4, 5, 2, 0)
		for i := range 2 {
			a.positive(2+i, 4+i)
			a.op("FADD.4S", i, i, 2+i)
		}
		a.stp(0, 1, 0, 0)
	})
}

// positive sets g to 0 in the lanes where y is not greater than 0, NaN included. y is lost.
func (a *arm64) positive(g, y int) {
	a.op2("FCMGT#0", y, y)
	a.op("AND.16B", g, g, y)
}

// neonOptim writes the updates of parameters.
func neonOptim(a *arm64) {
	const value, buf, d, t, rate, mu, decay = 0, 1, 2, 3, 16, 17, 18
	a.begin("sgdPlain", 0)
	a.broadcast(rate, "rate")
	a.broadcast(decay, "decay")
	a.streams([]string{"value", "grad"}, func(part int) {
		a.get(part, value, 0)
		a.get(part, d, 1)
		a.op("FMLA.4S", d, value, decay)
		a.op("FMLS.4S", value, d, rate)
		a.put(part, value, 0)
	})
	for _, name := range []string{"sgdMomentum", "sgdNesterov"} {
		a.begin(name, 0)
		a.broadcast(rate, "rate", "mu", "decay")
		a.streams([]string{"value", "buf", "grad"}, func(part int) {
			a.get(part, value, 0)
			a.get(part, buf, 1)
			a.get(part, d, 2)
			a.op("FMLA.4S", d, value, decay)
			a.mov(t, d)
			a.op("FMLA.4S", t, buf, mu)
			a.put(part, t, 1)
			if name == "sgdNesterov" {
				a.op("FMLA.4S", d, t, mu)
				a.op("FMLS.4S", value, d, rate)
			} else {
				a.op("FMLS.4S", value, t, rate)
			}
			a.put(part, value, 0)
		})
	}

	const mean, square = 4, 5
	const keep, mix1, beta2, mix2, unbias, epsilon = 17, 19, 20, 21, 22, 23
	a.begin("adam", 0)
	a.broadcast(rate, "rate", "keep", "decay", "mix1", "beta2", "mix2", "unbias", "epsilon")
	a.streams([]string{"value", "mean", "square", "grad"}, func(part int) {
		a.get(part, value, 0)
		a.get(part, mean, 1)
		a.get(part, square, 2)
		a.get(part, d, 3)
		a.op("FMUL.4S", value, value, keep)
		a.op("FMLA.4S", d, value, decay)
		a.op("FSUB.4S", t, d, mean)
		a.op("FMLA.4S", mean, t, mix1)
		a.put(part, mean, 1)
		a.op("FMUL.4S", t, d, d)
		a.op("FMUL.4S", t, t, mix2)
		a.op("FMLA.4S", t, square, beta2)
		a.put(part, t, 2)
		a.op2("FSQRT", t, t)
		a.op("FDIV.4S", t, t, unbias)
		a.op("FADD.4S", t, t, epsilon)
		a.op("FMUL.4S", d, mean, rate)
		a.op("FDIV.4S", d, d, t)
		a.op("FSUB.4S", value, value, d)
		a.put(part, value, 0)
	})
}

// neonNormalize writes loops that calculate in float64, and the pixels of pooling.
func neonNormalize(a *arm64) {
	a.begin("dotWide", 0)
	a.zero(0)
	a.zero(1)
	a.load(0, "x", "y", "n")
	a.elements("", 2, []int{0, 1}, nil, func(part int) {
		a.get(part, 2, 0)
		a.get(part, 3, 1)
		a.halves(4, 5, 2)
		a.halves(6, 7, 3)
		a.op("FMLA.2D", 0, 4, 6)
		a.op("FMLA.2D", 1, 5, 7)
	})
	a.returnSum64(0, 1)

	a.begin("scaleWide", 0)
	a.line("FMOVD %s, F16", a.arg("scale"))
	a.dup64(16, 16)
	a.streams([]string{"y", "x"}, func(part int) {
		a.get(part, 0, 1)
		a.halves(1, 2, 0)
		a.op("FMUL.2D", 1, 1, 16)
		a.op("FMUL.2D", 2, 2, 16)
		a.join(0, 1, 2)
		a.put(part, 0, 0)
	})

	a.begin("addTangent", 0)
	a.line("FMOVD %s, F16", a.arg("dot"))
	a.line("FMOVD %s, F17", a.arg("scale"))
	a.dup64(16, 16)
	a.dup64(17, 17)
	a.streams([]string{"dx", "dy", "y"}, func(part int) {
		a.get(part, 0, 1)
		a.get(part, 1, 2)
		a.halves(2, 3, 0)
		a.halves(4, 5, 1)
		for i := range 2 {
			a.op("FMLS.2D", 2+i, 4+i, 16)
			a.op("FMUL.2D", 2+i, 2+i, 17)
		}
		a.join(0, 2, 3)
		a.get(part, 1, 0)
		a.op("FADD.4S", 0, 0, 1)
		a.put(part, 0, 0)
	})

	a.begin("maxTap", 0)
	a.line("MOVW %s, R4", a.arg("pixel"))
	a.word(0x4e040c00|4<<5|16, "DUP V16.4S, W4")
	a.streams([]string{"best", "arg", "x"}, func(part int) {
		a.get(part, 0, 0)
		a.get(part, 1, 1)
		a.get(part, 2, 2)
		a.op("FCMEQ.4S", 3, 0, 0) // best is a number
		a.op("FCMGE.4S", 4, 0, 2)
		a.op("BIC.16B", 3, 3, 4) // and x not at most that
		a.op("BIT.16B", 0, 2, 3)
		a.op("BIT.16B", 1, 16, 3)
		a.put(part, 0, 0)
		a.put(part, 1, 1)
	})

	a.begin("addWide", 0)
	a.load(0, "sum", "x", "n")
	a.elements("", 2, []int{1}, []int{0}, func(part int) {
		a.get(part, 0, 1)
		a.op2("FCVTL", 1, 0)
		if part == 1 {
			a.line("FMOVD (R0), F2")
			a.line("FADDD F1, F2, F2")
			a.line("FMOVD F2, (R0)")
			return
		}
		a.op2("FCVTL2", 2, 0)
		a.ldp(3, 4, 0, 0)
		a.op("FADD.2D", 3, 3, 1)
		a.op("FADD.2D", 4, 4, 2)
		a.stp(3, 4, 0, 0)
	})
	a.line("RET")
}

// returnSum64 returns the sum of the float64 lanes of v and w.
func (a *arm64) returnSum64(v, w int) {
	a.op("FADD.2D", v, v, w)
	a.op("FADDP.2D", v, v, v)
	a.line("FMOVD F%d, %s", v, a.arg("ret"))
	a.line("RET")
}

// neonDots writes products with a vector.
func neonDots(a *arm64) {
	a.begin("dot", 0)
	for i := range 8 {
		a.zero(i)
	}
	a.load(0, "x", "y", "n")
	a.line("SUBS $32, R2, R2")
	a.line("BLT few")
	a.label("many")
	for i := 0; i < 8; i += 2 {
		a.ldp(16+i, 17+i, 0, 16*i)
		a.ldp(24+i, 25+i, 1, 16*i)
	}
	for i := range 8 {
		a.op("FMLA.4S", i, 16+i, 24+i)
	}
	a.line("ADD $128, R0, R0")
	a.line("ADD $128, R1, R1")
	a.line("SUBS $32, R2, R2")
	a.line("BGE many")
	a.label("few")
	a.line("ADD $32, R2, R2")
	a.elements("", 2, []int{0, 1}, nil, func(part int) {
		a.get(part, 16, 0)
		a.get(part, 17, 1)
		a.op("FMLA.4S", 0, 16, 17)
	})
	for step := 1; step < 8; step *= 2 {
		for i := 0; i < 8; i += 2 * step {
			a.op("FADD.4S", i, i, i+step)
		}
	}
	a.op("FADDP.4S", 0, 0, 0)
	a.op("FADDP.4S", 0, 0, 0)
	a.line("FMOVS F0, %s", a.arg("ret"))
	a.line("RET")

	// Four rows at R0 to R3, x at R4, n in R5; sums V0 to V15, four registers a row.
	rows := func() {
		a.load(0, "a")
		a.loadBytes(6, "lda")
		for r := 1; r < 4; r++ {
			a.line("ADD R6, R%d, R%d", r-1, r)
		}
	}
	a.begin("dotRows", 0)
	rows()
	a.load(4, "x", "n")
	for i := range 16 {
		a.zero(i)
	}
	a.line("SUBS $16, R5, R5")
	a.line("BLT few")
	a.label("many")
	for i := 0; i < 4; i += 2 {
		a.ldp(16+i, 17+i, 4, 16*i)
	}
	for r := range 4 {
		for i := 0; i < 4; i += 2 {
			a.ldp(20+i, 21+i, r, 16*i)
		}
		for i := range 4 {
			a.op("FMLA.4S", 4*r+i, 16+i, 20+i)
		}
	}
	for r := range 5 {
		a.line("ADD $64, R%d, R%d", r, r)
	}
	a.line("SUBS $16, R5, R5")
	a.line("BGE many")
	a.label("few")
	a.line("ADD $16, R5, R5")
	a.elements("", 5, []int{0, 1, 2, 3, 4}, nil, func(part int) {
		a.get(part, 16, 4)
		for r := range 4 {
			a.get(part, 20, r)
			a.op("FMLA.4S", 4*r, 16, 20)
		}
	})
	for r := range 4 {
		a.op("FADD.4S", 4*r, 4*r, 4*r+1)
		a.op("FADD.4S", 4*r+2, 4*r+2, 4*r+3)
		a.op("FADD.4S", 4*r, 4*r, 4*r+2)
	}
	a.op("FADDP.4S", 0, 0, 4)
	a.op("FADDP.4S", 8, 8, 12)
	a.op("FADDP.4S", 0, 0, 8)
	a.load(6, "sums")
	a.str(0, 6, 0)
	a.line("RET")

	a.begin("addRows", 0)
	rows()
	a.load(6, "x")
	a.ldr(16, 6, 0)
	a.load(4, "dst")
	a.load(5, "n")
	a.line("SUBS $8, R5, R5")
	a.line("BLT few")
	a.label("many")
	a.ldp(0, 1, 4, 0)
	for r := range 4 {
		a.ldp(2, 3, r, 0)
		a.fmlaLane(0, 2, 16, r)
		a.fmlaLane(1, 3, 16, r)
	}
	a.stp(0, 1, 4, 0)
	for r := range 5 {
		a.line("ADD $32, R%d, R%d", r, r)
	}
	a.line("SUBS $8, R5, R5")
	a.line("BGE many")
	a.label("few")
	a.line("ADD $8, R5, R5")
	a.elements("", 5, []int{0, 1, 2, 3, 4}, nil, func(part int) {
		a.get(part, 0, 4)
		for r := range 4 {
			a.get(part, 2, r)
			a.fmlaLane(0, 2, 16, r)
		}
		a.put(part, 0, 4)
	})
	a.line("RET")
}

// neonOthers writes the transpose of eight rows, a block of four columns at a time, and the peak loop.
func neonOthers(a *arm64) {
	a.begin("transpose", 0)
	const y, ldy, n, x, ldx = 8, 9, 10, 11, 12 // R0 to R7 point into the rows
	a.load(y, "y")
	a.loadBytes(ldy, "ldy")
	a.load(x, "x")
	a.loadBytes(ldx, "ldx")
	a.load(n, "n")
	for r := range 8 {
		a.line("MOVD R%d, R%d", x, r)
		if r < 7 {
			a.line("ADD R%d, R%d, R%d", ldx, x, x)
		}
	}
	a.label("loop")
	for r := range 8 {
		a.line("FMOVQ.P 16(R%d), F%d", r, r)
	}
	for half := range 2 { // V0 to V3 and V4 to V7; the columns are V16 to V19 and V20 to V23
		in, out := 4*half, 16+4*half
		a.op("TRN1.4S", 8, in, in+1)
		a.op("TRN2.4S", 9, in, in+1)
		a.op("TRN1.4S", 10, in+2, in+3)
		a.op("TRN2.4S", 11, in+2, in+3)
		a.op("TRN1.2D", out, 8, 10)
		a.op("TRN1.2D", out+1, 9, 11)
		a.op("TRN2.2D", out+2, 8, 10)
		a.op("TRN2.2D", out+3, 9, 11)
	}
	for c := range 4 {
		a.stp(16+c, 20+c, y, 0)
		a.line("ADD R%d, R%d, R%d", ldy, y, y)
	}
	a.line("SUBS $4, R%d, R%d", n, n)
	a.line("BNE loop")
	a.line("RET")

	a.begin("peak", 0)
	a.load(0, "n")
	for i := range 25 {
		a.zero(i)
	}
	a.label("loop")
	for i := range 24 {
		a.op("FMLA.4S", i, 24, 24)
	}
	a.line("SUBS $1, R0, R0")
	a.line("BNE loop")
	a.line("RET")
}

// neonExp holds the registers of the constants of the exponential: V16 and on.
type neonExp struct {
	low, log2e, high, rest, bias int
	p                            []int
}

func (a *arm64) expConstants(tmp int) neonExp {
	next := 16
	put := func(bits uint32) int {
		a.constant(next, tmp, bits)
		next++
		return next - 1
	}
	float := func(v float32) int { return put(math.Float32bits(v)) }
	e := neonExp{low: float(expLow), log2e: float(float32(math.Log2E)), high: float(ln2High), rest: float(ln2Low), bias: put(127)}
	for i, c := range expPolynomial {
		if i > 0 && c == expPolynomial[i-1] {
			e.p = append(e.p, e.p[i-1])
			continue
		}
		e.p = append(e.p, float(c))
	}
	return e
}

// exp sets d = exp(d), where d + extra is the exponent. n, r and t are lost; extra is a register or −1.
func (a *arm64) exp(e neonExp, d, n, r, t, extra int) {
	a.op("FMAX.4S", d, d, e.low) // NaN stays
	a.op("FMUL.4S", n, d, e.log2e)
	a.op2("FRINTN", n, n)
	a.mov(r, d)
	a.op("FMLS.4S", r, n, e.high)
	a.op("FMLS.4S", r, n, e.rest)
	if extra >= 0 {
		a.op("FADD.4S", r, r, extra)
	}
	a.mov(d, e.p[0])
	for _, c := range e.p[1:] {
		a.mov(t, c)
		a.op("FMLA.4S", t, d, r)
		d, t = t, d
	}
	// Seven steps have exchanged d and t. 2ⁿ itself may have no normal value: two factors.
	a.op2("FCVTNS", n, n)
	a.shiftRight(r, n, 1)
	a.op("SUB.4S", n, n, r)
	for i, half := range []int{r, n} {
		a.op("ADD.4S", half, half, e.bias)
		a.shiftLeft(half, half, 23)
		if i == 0 {
			a.op("FMUL.4S", t, d, half)
		} else {
			a.op("FMUL.4S", t, t, half)
		}
	}
}

// neonExps writes what softmax is made of.
func neonExps(a *arm64) {
	a.begin("maximum", 0)
	a.load(0, "x", "n")
	a.constant(0, 2, math.Float32bits(float32(math.Inf(-1))))
	a.elements("", 1, []int{0}, nil, func(part int) {
		a.get(part, 1, 0)
		if part == 1 {
			a.dup(1, 1)
		}
		a.op("FMAX.4S", 0, 0, 1) // NaN stays
	})
	a.maxAcross(0, 0)
	a.line("FMOVS F0, %s", a.arg("ret"))
	a.line("RET")

	a.begin("expSum", 0)
	const sum, sum1, top, x, d, extra, n, r, t = 0, 1, 2, 3, 4, 5, 6, 7, 8
	e := a.expConstants(3)
	a.zero(sum)
	a.zero(sum1)
	a.broadcast(top, "top")
	a.load(0, "y", "x", "n")
	body := func(store bool) func(part int) {
		return func(part int) {
			a.get(part, x, 1)
			// d + extra = x − top exactly, unless d is below the limit, where extra does not matter.
			a.op("FSUB.4S", d, x, top)
			a.op("FSUB.4S", n, x, d)
			a.op("FADD.4S", t, d, n)
			a.op("FSUB.4S", t, x, t)
			a.op("FSUB.4S", extra, n, top)
			a.op("FADD.4S", extra, extra, t)
			a.op("FCMGT.4S", t, d, e.low)
			a.op("AND.16B", extra, extra, t)
			a.exp(e, d, n, r, t, extra)
			if store {
				a.put(part, d, 0)
			}
			if part == 1 {
				a.line("FMOVS F%d, F%d", d, d) // clears the other lanes
			}
			a.halves(n, r, d)
			a.op("FADD.2D", sum, sum, n)
			a.op("FADD.2D", sum1, sum1, r)
		}
	}
	a.line("CBZ R0, keep")
	a.elements("", 2, []int{0, 1}, nil, body(true))
	a.returnSum64(sum, sum1)
	a.label("keep")
	a.elements("sum", 2, []int{1}, nil, body(false))
	a.returnSum64(sum, sum1)

	a.begin("maxTo", 0)
	a.streams([]string{"top", "x"}, func(part int) {
		a.get(part, 0, 0)
		a.get(part, 1, 1)
		a.op("FMAX.4S", 0, 0, 1)
		a.put(part, 0, 0)
	})

	a.begin("addExp", 0)
	e = a.expConstants(5)
	a.streams([]string{"sum", "x", "top"}, func(part int) {
		a.get(part, d, 1)
		a.get(part, x, 2)
		a.op("FSUB.4S", d, d, x)
		a.exp(e, d, n, r, t, -1)
		a.get(part, x, 0)
		a.op("FADD.4S", d, d, x)
		a.put(part, d, 0)
	})

	a.begin("pairExp", 0)
	const rowTop, rowScale, y = 13, 14, 9
	e = a.expConstants(5)
	a.broadcast(rowTop, "rowTop", "rowScale")
	a.streams([]string{"y", "x", "top", "scale"}, func(part int) {
		a.get(part, x, 1)
		a.op("FSUB.4S", d, x, rowTop)
		a.exp(e, d, n, r, t, -1)
		a.op("FMUL.4S", y, d, rowScale)
		a.get(part, d, 2)
		a.op("FSUB.4S", d, x, d)
		a.exp(e, d, n, r, t, -1)
		a.get(part, x, 3)
		a.op("FMLA.4S", y, d, x)
		a.put(part, y, 0)
	})

	const one, sign, limit = 28, 29, 30
	a.begin("sigmoid", 0)
	e = a.expConstants(5)
	a.constant(one, 5, math.Float32bits(1))
	a.constant(sign, 5, math.Float32bits(signBit))
	a.streams([]string{"y", "x"}, func(part int) {
		a.get(part, x, 1)
		a.op("ORR.16B", d, x, sign)
		a.exp(e, d, n, r, t, -1)
		a.op("FADD.4S", n, d, one)
		a.shiftRight(x, x, 31)
		a.op("BSL.16B", x, d, one) // where x is negative, d
		a.op("FDIV.4S", x, x, n)
		a.put(part, x, 0)
	})

	a.begin("tanh", 0)
	e = a.expConstants(5)
	a.constant(one, 5, math.Float32bits(1))
	a.constant(sign, 5, math.Float32bits(signBit))
	a.constant(limit, 5, math.Float32bits(tanhLimit))
	factor := func(i int) int { return 9 + i }
	for i, c := range tanhPolynomial {
		a.constant(factor(i), 5, math.Float32bits(c))
	}
	a.streams([]string{"y", "x"}, func(part int) {
		a.get(part, x, 1)
		a.op("ORR.16B", d, x, sign)
		a.op("FADD.4S", d, d, d)
		a.exp(e, d, n, r, t, -1)
		a.op("FSUB.4S", n, one, d)
		a.op("FADD.4S", r, one, d)
		a.op("FDIV.4S", n, n, r)
		a.op("AND.16B", d, x, sign)
		a.op("ORR.16B", n, n, d)

		a.op("FMUL.4S", d, x, x)
		a.mov(r, factor(0))
		for i := 1; i < len(tanhPolynomial); i++ {
			a.mov(t, factor(i))
			a.op("FMLA.4S", t, r, d)
			a.mov(r, t)
		}
		a.op("FMUL.4S", r, r, d)
		a.mov(t, x)
		a.op("FMLA.4S", t, r, x)
		a.op2("FABS", r, x)
		a.op("FCMGT.4S", r, limit, r) // false for NaN
		a.op("BIT.16B", n, t, r)
		a.put(part, n, 0)
	})
}
