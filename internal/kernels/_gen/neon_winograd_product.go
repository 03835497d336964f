package main

// eachWidth writes body for panels of two vectors and of one; the argument vecs tells which.
func (a *arm64) eachWidth(tmp int, body func(t neonTile)) {
	a.load(tmp, "vecs")
	a.line("CMP $1, R%d", tmp)
	a.line("BEQ narrow")
	body(neonTile{a, 4, 4, "wide"})
	a.label("narrow")
	body(neonTile{a, 8, 2, "narrow"})
}

// winogradProduct multiplies rows of tiles with a panel, plane by plane.
func (a *arm64) winogradProduct() {
	a.begin("winogradProduct", 0)
	const panel, left, depth, ldv, ldm, block, plane = 8, 9, 10, 11, 12, 13, 14 // R0 to R7 point into rows
	const v, u, m, planeV, planeU, planeM, at, blocks, row = 15, 16, 17, 19, 20, 21, 22, 23, 24
	a.loadBytes(ldv, "ldv", "ldm")
	a.loadBytes(planeV, "planeV", "planeU", "planeM")
	a.load(v, "v", "u", "m")
	a.load(depth, "depth")
	a.load(blocks, "blocks")
	a.load(plane, "planes")
	a.eachWidth(at, func(t neonTile) {
		name := t.name
		a.label(name + "plane")
		a.line("MOVD R%d, R%d", v, row)
		a.line("MOVD R%d, R%d", m, at)
		a.line("MOVD R%d, R%d", blocks, block)
		a.label(name + "block")
		for r := range t.rows {
			a.line("MOVD R%d, R%d", row, r)
			a.line("ADD R%d, R%d, R%d", ldv, row, row)
		}
		a.line("MOVD R%d, R%d", u, panel)
		t.clear()
		t.rowLoop(panel, depth, left)
		for r := range t.rows {
			for i := 0; i < t.regs; i += 2 {
				a.stp(t.sum(r, i), t.sum(r, i+1), at, 16*i)
			}
			a.line("ADD R%d, R%d, R%d", ldm, at, at)
		}
		a.line("SUBS $1, R%d, R%d", block, block)
		a.line("BNE %sblock", name)
		a.nextPlane(name, plane, [][2]int{{v, planeV}, {u, planeU}, {m, planeM}})
	})
}

// nextPlane moves pointers on to the next plane, by their steps, until there is none.
func (a *arm64) nextPlane(name string, plane int, pointers [][2]int) {
	for _, p := range pointers {
		a.line("ADD R%d, R%d, R%d", p[1], p[0], p[0])
	}
	a.line("SUBS $1, R%d, R%d", plane, plane)
	a.line("BNE %splane", name)
	a.line("RET")
}

// winogradOuter adds the products of columns of tiles and rows of a panel, plane by plane.
func (a *arm64) winogradOuter() {
	a.begin("winogradOuter", 0)
	const pv, pw, pu, left, block, plane, column = 0, 1, 2, 3, 4, 5, 6
	const v, w, du, ldv, ldw, planeV, planeW, planeU, tiles, blocks, tmp = 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
	a.load(v, "v", "w", "du")
	a.loadBytes(ldv, "ldv", "ldw", "planeV", "planeW", "planeU")
	a.load(tiles, "tiles", "blocks")
	a.load(plane, "planes")
	a.eachWidth(tmp, func(t neonTile) {
		name := t.name
		const values = 24 // V24 and V25: the values of v
		a.label(name + "plane")
		a.line("MOVD R%d, R%d", v, column)
		a.line("MOVD R%d, R%d", du, pu)
		a.line("MOVD R%d, R%d", blocks, block)
		a.label(name + "block")
		a.line("MOVD R%d, R%d", column, pv)
		a.line("MOVD R%d, R%d", w, pw)
		a.line("MOVD R%d, R%d", tiles, left)
		t.clear()
		a.label(name + "tile")
		if t.rows == 8 {
			a.ldp(values, values+1, pv, 0)
		} else {
			a.ldr(values, pv, 0)
		}
		t.multiply(func(r int) int { return values + r/4 }, func(r int) int { return r % 4 }, func(i int) { a.ldp(30, 31, pw, 32*i) })
		a.line("ADD R%d, R%d, R%d", ldv, pv, pv)
		a.line("ADD R%d, R%d, R%d", ldw, pw, pw)
		a.line("SUBS $1, R%d, R%d", left, left)
		a.line("BNE %stile", name)
		for i := 0; i < t.rows*t.regs; i += 2 {
			a.ldp(24, 25, pu, 16*i)
			a.op("FADD.4S", 24, 24, i)
			a.op("FADD.4S", 25, 25, i+1)
			a.stp(24, 25, pu, 16*i)
		}
		a.line("ADD $%d, R%d, R%d", 16*t.rows*t.regs, pu, pu)
		a.line("ADD $%d, R%d, R%d", 4*t.rows, column, column)
		a.line("SUBS $1, R%d, R%d", block, block)
		a.line("BNE %sblock", name)
		a.nextPlane(name, plane, [][2]int{{v, planeV}, {w, planeW}, {du, planeU}})
	})
}
