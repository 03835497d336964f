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
	a.winogradFours()
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

// zeroPlanes sets a register of each of the planes to zero, at dst plus offset for each of the tiles.
func (a *arm64) zeroPlanes(planes, dst, offset, plane, tile, q, count, tmp int) {
	a.load(dst, "dst")
	a.line("ADD R%d, R%d, R%d", offset, dst, dst)
	a.load(count, "tiles")
	a.label("filltile")
	a.line("MOVD R%d, R%d", dst, q)
	a.zeroColumn(planes, q, plane, tmp)
	a.line("ADD R%d, R%d, R%d", tile, dst, dst)
	a.line("SUBS $1, R%d, R%d", count, count)
	a.line("BNE filltile")
}

// zeroColumn sets a register of each of the planes to zero, from q on, which is lost.
func (a *arm64) zeroColumn(planes, q, plane, count int) {
	a.zero(0)
	a.line("MOVD $%d, R%d", planes, count)
	a.label("fillplane")
	a.str(0, q, 0)
	a.line("ADD R%d, R%d, R%d", plane, q, q)
	a.line("SUBS $1, R%d, R%d", count, count)
	a.line("BNE fillplane")
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
	const pixel, plane, tile, dst, y0, y1, count, left, offset, q, tmp, next0, next1 = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
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
	}, func() { a.zeroPlanes(16, dst, offset, plane, tile, q, count, tmp) })
}
