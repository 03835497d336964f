package main

import "fmt"

func neonWinograd(a *arm64) {
	a.winogradInput()
	a.winogradOutput()
	a.winogradGradient()
	a.winogradProduct()
	a.winogradOuter()
	a.winogradWeights()
	a.winogradFold()
}

// channelBlocks writes body with pairs for two registers of eight channels, then for a register of four, and for the last
// channels that are fewer: part says how many. Registers left and offset count the channels and the bytes before. With fill not nil, it is
// written for a register of channels beyond the last that completes a pair, and sets them to zero.
func (a *arm64) channelBlocks(left, offset int, pairs bool, body func(name string, part int), fill func()) {
	a.load(left, "channels")
	a.line("MOVD $0, R%d", offset)
	if pairs {
		a.label("pairs")
		a.line("CMP $8, R%d", left)
		a.line("BLT whole")
		body("pair", 8)
		a.line("ADD $32, R%d, R%d", offset, offset)
		a.line("SUB $8, R%d, R%d", left, left)
		a.line("B pairs")
	}
	a.label("whole")
	a.line("CMP $4, R%d", left)
	a.line("BLT rest")
	body("whole", 4)
	a.line("ADD $16, R%d, R%d", offset, offset)
	a.line("SUB $4, R%d, R%d", left, left)
	if !pairs {
		a.line("B whole")
	}
	a.label("rest")
	if fill == nil {
		a.line("CBZ R%d, done", left)
	} else {
		a.line("CBZ R%d, fill", left)
	}
	a.line("CMP $2, R%d", left)
	a.line("BLT rest1")
	a.line("BEQ rest2")
	for part := 3; part >= 1; part-- {
		name := fmt.Sprint("rest", part)
		a.label(name)
		body(name, part)
		if part > 1 {
			a.line("B restdone")
		}
	}
	a.label("restdone")
	if fill == nil {
		a.label("done")
		a.line("RET")
		return
	}
	a.line("ADD $16, R%d, R%d", offset, offset)
	a.label("fill")
	a.line("TBZ $4, R%d, done", offset)
	fill()
	a.label("done")
	a.line("RET")
}

// zeroPlanes sets a register of each plane to zero, at dst plus offset for each of the tiles.
func (a *arm64) zeroPlanes(dst, offset, plane, tile, q, count, planes int) {
	a.load(dst, "dst")
	a.line("ADD R%d, R%d, R%d", offset, dst, dst)
	a.load(count, "tiles")
	a.zero(0)
	a.label("filltile")
	a.line("MOVD R%d, R%d", dst, q)
	a.line("MOVD $16, R%d", planes)
	a.label("fillplane")
	a.str(0, q, 0)
	a.line("ADD R%d, R%d, R%d", plane, q, q)
	a.line("SUBS $1, R%d, R%d", planes, planes)
	a.line("BNE fillplane")
	a.line("ADD R%d, R%d, R%d", tile, dst, dst)
	a.line("SUBS $1, R%d, R%d", count, count)
	a.line("BNE filltile")
}

// winogradInput slides along four rows of pixels. Three groups of registers hold transformed columns: two of the last
// tile, one for the next; after a tile their roles move on by one.
func (a *arm64) winogradInput() {
	a.begin("winogradInput", 0)
	const pixel, dst, plane, tile, count, right, left, offset, q, tmp, first = 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	group := func(i int) []int {
		i = 8 * (i % 3)
		return []int{i, i + 2, i + 4, i + 6}
	}
	const x1, out = 24, 26 // and two more for out
	a.loadBytes(pixel, "pixel")
	a.loadBytes(plane, "plane", "tile")
	a.load(right, "right")
	a.channelBlocks(left, offset, true, func(name string, part int) {
		// column transforms the next column of pixels into v.
		column := func(v []int) {
			for i, x := range []int{v[0], x1, v[2], v[3]} {
				a.loadPart(part, x, i, tmp)
				a.line("ADD R%d, R%d, R%d", pixel, i, i)
			}
			a.opPart(part, "FSUB.4S", v[0], v[0], v[2])
			a.opPart(part, "FADD.4S", v[1], x1, v[2])
			a.opPart(part, "FSUB.4S", v[2], v[2], x1)
			a.opPart(part, "FSUB.4S", v[3], v[3], x1)
		}
		zeros := func(v []int) {
			for _, v := range v {
				a.opPart(part, "EOR.16B", v, v, v)
			}
		}
		// write writes the planes of a tile whose columns are c0 to c3. When c3 shares registers with others, next loads it
		// between the planes that need them.
		write := func(c0, c1, c2 []int, next func() []int) {
			store := func(v int) {
				a.putPart(part, v, q)
				a.line("ADD R%d, R%d, R%d", plane, q, q)
			}
			a.line("MOVD R%d, R%d", dst, q)
			for i := range 4 {
				a.opPart(part, "FSUB.4S", out, c0[i], c2[i])
				a.opPart(part, "FADD.4S", out+2, c1[i], c2[i])
				a.opPart(part, "FSUB.4S", out+4, c2[i], c1[i])
				store(out)
				store(out + 2)
				store(out + 4)
				a.line("ADD R%d, R%d, R%d", plane, q, q)
			}
			c3 := next()
			a.line("ADD R%d<<1, R%d, R%d", plane, plane, q)
			a.line("ADD R%d, R%d, R%d", dst, q, q)
			for i := range 4 {
				v := out + 2*(i%3)
				a.opPart(part, "FSUB.4S", v, c3[i], c1[i])
				a.putPart(part, v, q)
				if i < 3 {
					a.line("ADD R%d<<2, R%d, R%d", plane, q, q)
				}
			}
			a.line("ADD R%d, R%d, R%d", tile, dst, dst)
		}
		for i := range 4 {
			a.load(i, fmt.Sprint("r", i))
			a.line("ADD R%d, R%d, R%d", offset, i, i)
		}
		a.load(dst, "dst")
		a.line("ADD R%d, R%d, R%d", offset, dst, dst)
		zeros(group(0))
		column(group(1))
		a.load(count, "tiles")
		a.line("CBZ R%d, %sopen", right, name)
		a.line("SUBS $1, R%d, R%d", count, count)
		a.line("BEQ %send0", name)
		a.label(name + "open")
		for turn := range 3 {
			c0, c1, c2 := group(turn*2), group(turn*2+1), group(turn*2+2)
			column(c2)
			write(c0, c1, c2, func() []int { column(c0); return c0 })
			a.line("SUBS $1, R%d, R%d", count, count)
			a.line("BEQ %send%d", name, (turn+1)%3)
		}
		a.line("B %sopen", name)
		for turn := range 3 {
			c0, c1, c2 := group(turn*2), group(turn*2+1), group(turn*2+2)
			a.label(fmt.Sprint(name, "end", turn))
			a.line("CMP $1, R%d", right)
			a.line("BLT %snext", name)
			a.line("BEQ %sone%d", name, turn)
			zeros(c2)
			write(c0, c1, c2, func() []int { return c2 })
			a.line("B %snext", name)
			a.label(fmt.Sprint(name, "one", turn))
			column(c2)
			write(c0, c1, c2, func() []int { zeros(c0); return c0 })
			if turn < 2 {
				a.line("B %snext", name)
			}
		}
		a.label(name + "next")
	}, func() { a.zeroPlanes(dst, offset, plane, tile, q, count, first) })
}

func (a *arm64) winogradOutput() {
	a.begin("winogradOutput", 0)
	const plane, tile, pixel, add, m, y0, y1, count, left, offset, tmp, next0, next1, plane4 = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
	const q = 14 // to R17: places of the planes of a column
	a.loadBytes(plane, "plane", "tile", "pixel")
	a.line("LSL $2, R%d, R%d", plane, plane4)
	a.line("MOVBU %s, R%d", a.arg("add"), add)
	a.channelBlocks(left, offset, true, func(name string, part int) {
		a.load(m, "m")
		a.load(y0, "y0", "y1")
		for _, r := range []int{m, y0, y1} {
			a.line("ADD R%d, R%d, R%d", offset, r, r)
		}
		a.load(count, "tiles")
		a.label(name + "tile")
		// V0 and on: the four pixels, row by row; V8: four planes; V16: their two sums.
		const pixels, planes, sums = 0, 8, 16
		for i := range 4 {
			if i == 0 {
				a.line("MOVD R%d, R%d", m, q)
			} else {
				a.line("ADD R%d, R%d, R%d", plane4, q+i-1, q+i)
			}
		}
		for x := range 4 {
			for i := range 4 {
				a.getPart(part, planes+2*i, q+i)
				if x < 3 {
					a.line("ADD R%d, R%d, R%d", plane, q+i, q+i)
				}
			}
			to := []int{sums, sums + 2}
			if x < 2 { // the first to be added up
				to = []int{pixels + 2*x, pixels + 4 + 2*x}
			}
			a.opPart(part, "FADD.4S", to[0], planes+2, planes+4)
			a.opPart(part, "FSUB.4S", to[1], planes+2, planes+4)
			a.opPart(part, "FADD.4S", to[0], to[0], planes)
			a.opPart(part, "FADD.4S", to[1], to[1], planes+6)
			for y, sum := range to {
				left, right := pixels+4*y, pixels+4*y+2
				if x == 1 || x == 2 {
					a.opPart(part, "FADD.4S", left, left, sum)
				}
				if x == 2 {
					a.opPart(part, "FSUB.4S", right, right, sum)
				}
				if x == 3 {
					a.opPart(part, "FADD.4S", right, right, sum)
				}
			}
		}
		a.line("ADD R%d, R%d, R%d", pixel, y0, next0)
		a.line("ADD R%d, R%d, R%d", pixel, y1, next1)
		places := []int{y0, next0, y1, next1}
		a.line("CBZ R%d, %sset", add, name)
		for i, r := range places {
			a.loadPart(part, sums, r, tmp)
			a.opPart(part, "FADD.4S", pixels+2*i, pixels+2*i, sums)
		}
		a.label(name + "set")
		for i, r := range places {
			a.storePart(part, pixels+2*i, r, tmp)
		}
		a.line("ADD R%d, R%d, R%d", pixel, next0, y0)
		a.line("ADD R%d, R%d, R%d", pixel, next1, y1)
		a.line("ADD R%d, R%d, R%d", tile, m, m)
		a.line("SUBS $1, R%d, R%d", count, count)
		a.line("BNE %stile", name)
	}, nil)
}

func (a *arm64) winogradGradient() {
	a.begin("winogradGradient", 0)
	const pixel, plane, tile, dst, y0, y1, count, left, offset, q, tmp, next0, next1, planes = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
	a.loadBytes(pixel, "pixel", "plane", "tile")
	a.channelBlocks(left, offset, true, func(name string, part int) {
		a.load(dst, "dst")
		a.load(y0, "y0", "y1")
		for _, r := range []int{dst, y0, y1} {
			a.line("ADD R%d, R%d, R%d", offset, r, r)
		}
		a.load(count, "tiles")
		a.label(name + "tile")
		a.line("ADD R%d, R%d, R%d", pixel, y0, next0)
		a.line("ADD R%d, R%d, R%d", pixel, y1, next1)
		for i, r := range []int{y0, next0, y1, next1} {
			a.loadPart(part, 2*i, r, tmp)
		}
		a.opPart(part, "FADD.4S", 8, 0, 4)
		a.opPart(part, "FADD.4S", 10, 2, 6)
		a.opPart(part, "FSUB.4S", 12, 0, 4)
		a.opPart(part, "FSUB.4S", 14, 2, 6)
		a.line("MOVD R%d, R%d", dst, q)
		for i, row := range [][2]int{{0, 2}, {8, 10}, {12, 14}, {4, 6}} {
			sum, difference := 16+4*i, 18+4*i
			a.opPart(part, "FADD.4S", sum, row[0], row[1])
			a.opPart(part, "FSUB.4S", difference, row[0], row[1])
			for j, v := range []int{row[0], sum, difference, row[1]} {
				a.putPart(part, v, q)
				if i < 3 || j < 3 {
					a.line("ADD R%d, R%d, R%d", plane, q, q)
				}
			}
		}
		a.line("ADD R%d, R%d, R%d", pixel, next0, y0)
		a.line("ADD R%d, R%d, R%d", pixel, next1, y1)
		a.line("ADD R%d, R%d, R%d", tile, dst, dst)
		a.line("SUBS $1, R%d, R%d", count, count)
		a.line("BNE %stile", name)
	}, func() { a.zeroPlanes(dst, offset, plane, tile, q, count, planes) })
}

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
	a.line("MOVD $16, R%d", plane)
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
	a.line("MOVD $16, R%d", plane)
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

func (a *arm64) winogradWeights() {
	a.begin("winogradWeights", 0)
	const tap, plane, u, at, left, offset, tmp, planes, half = 0, 1, 2, 3, 4, 5, 6, 7, 31
	a.loadBytes(tap, "tap")
	a.loadBytes(plane, "plane")
	a.constant(half, tmp, 0x3f000000)
	a.channelBlocks(left, offset, false, func(name string, part int) {
		a.load(at, "w")
		a.load(u, "u")
		a.line("ADD R%d, R%d, R%d", offset, at, at)
		a.line("ADD R%d, R%d, R%d", offset, u, u)
		for i := range 9 { // V0 to V8: the taps
			a.loadPart(part, i, at, tmp)
			if i < 8 {
				a.line("ADD R%d, R%d, R%d", tap, at, at)
			}
		}
		for x := range 3 { // V9 to V14: the second and third row of each column
			second, third := 9+x, 12+x
			a.op("FADD.4S", second, x, 6+x)
			a.op("FSUB.4S", third, second, 3+x)
			a.op("FADD.4S", second, second, 3+x)
			a.op("FMUL.4S", second, second, half)
			a.op("FMUL.4S", third, third, half)
		}
		for y, first := range []int{0, 9, 12, 6} {
			a.op("FADD.4S", 16, first, first+2)
			a.op("FADD.4S", 17, 16, first+1)
			a.op("FSUB.4S", 18, 16, first+1)
			a.op("FMUL.4S", 17, 17, half)
			a.op("FMUL.4S", 18, 18, half)
			for j, v := range []int{first, 17, 18, first + 2} {
				a.str(v, u, 0)
				if y < 3 || j < 3 {
					a.line("ADD R%d, R%d, R%d", plane, u, u)
				}
			}
		}
	}, func() {
		a.load(u, "u")
		a.line("ADD R%d, R%d, R%d", offset, u, u)
		a.zero(0)
		a.line("MOVD $16, R%d", planes)
		a.label("fillplane")
		a.str(0, u, 0)
		a.line("ADD R%d, R%d, R%d", plane, u, u)
		a.line("SUBS $1, R%d, R%d", planes, planes)
		a.line("BNE fillplane")
	})
}

func (a *arm64) winogradFold() {
	a.begin("winogradFold", 0)
	const plane, tap, du, dw, left, offset, tmp, half = 0, 1, 2, 3, 4, 5, 6, 31
	a.loadBytes(plane, "plane")
	a.loadBytes(tap, "tap")
	a.constant(half, tmp, 0x3f000000)
	a.channelBlocks(left, offset, false, func(name string, part int) {
		a.load(du, "du")
		a.load(dw, "dw")
		a.line("ADD R%d, R%d, R%d", offset, du, du)
		a.line("ADD R%d, R%d, R%d", offset, dw, dw)
		for p := range 16 { // V0 to V15: the planes
			a.ldr(p, du, 0)
			if p < 15 {
				a.line("ADD R%d, R%d, R%d", plane, du, du)
			}
		}
		for x := range 4 { // the three rows of each column: in place of the first three
			a.op("FADD.4S", 16, 4+x, 8+x)
			a.op("FSUB.4S", 17, 4+x, 8+x)
			a.op("FMUL.4S", 16, 16, half)
			a.op("FMUL.4S", 4+x, 17, half)
			a.op("FADD.4S", x, 16, x)
			a.op("FADD.4S", 8+x, 16, 12+x)
		}
		for y := range 3 {
			r := 4 * y
			a.op("FADD.4S", 16, r+1, r+2)
			a.op("FSUB.4S", 17, r+1, r+2)
			a.op("FMUL.4S", 16, 16, half)
			a.op("FMUL.4S", 17, 17, half)
			a.op("FADD.4S", 18, r, 16)
			a.op("FADD.4S", 19, r+3, 16)
			for j, v := range []int{18, 17, 19} {
				a.loadPart(part, 20, dw, tmp)
				a.op("FADD.4S", v, v, 20)
				a.storePart(part, v, dw, tmp)
				if y < 2 || j < 2 {
					a.line("ADD R%d, R%d, R%d", tap, dw, dw)
				}
			}
		}
	}, nil)
}
