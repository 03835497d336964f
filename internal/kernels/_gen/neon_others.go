package main

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
