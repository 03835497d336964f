package main

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
