package main

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
