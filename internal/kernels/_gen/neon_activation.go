package main

import "math"

// neonActivations writes functions made of exponentials.
func neonActivations(a *arm64) {
	const x, d, n, r, t = 3, 4, 6, 7, 8
	const one, sign, limit = 28, 29, 30
	a.begin("sigmoid", 0)
	e := a.expConstants(5)
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
