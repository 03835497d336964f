package main

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
