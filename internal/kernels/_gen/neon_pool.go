package main

// neonPools writes what pooling does with the channels of one pixel.
func neonPools(a *arm64) {
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
