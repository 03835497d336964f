package main

import "fmt"

// winogradInput slides along four rows of pixels. Three groups of registers hold transformed columns: two of the last
// tile, one for the next; after a tile their roles move on by one.
func (a *arm64) winogradInput() {
	a.begin("winogradInput", 0)
	const pixel, dst, plane, tile, count, right, left, offset, q, tmp = 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
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
	}, func() { a.zeroPlanes(16, dst, offset, plane, tile, q, count, tmp) })
}
