package main

// neonNormalize writes loops that calculate in float64.
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
}

// returnSum64 returns the sum of the float64 lanes of v and w.
func (a *arm64) returnSum64(v, w int) {
	a.op("FADD.2D", v, v, w)
	a.op("FADDP.2D", v, v, v)
	a.line("FMOVD F%d, %s", v, a.arg("ret"))
	a.line("RET")
}
