package main

import "math"

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
}
