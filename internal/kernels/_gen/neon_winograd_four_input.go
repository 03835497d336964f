package main

func (a *arm64) winogradInput4() {
	a.begin("winogradInput4", 0)
	const line, pixel, plane, tile, x0, dst, q, count, left, offset, tmp, place = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	a.loadBytes(line, "line", "pixel")
	a.loadBytes(plane, "plane", "tile")
	f := a.factors(30, tmp, 2.5, 2, 0.5, rootHalf, rootTwo)
	twoHalf, inside, roots := f[0], f[1:3], f[3:5]
	a.channelBlocks(left, offset, true, func(name string, part int) {
		pixels := grid{x0, line, pixel, 6, place, tmp}
		first, second := values(0, 6), values(12, 6)
		const even, odd, t = 24, 26, 28
		put := a.planesOut(part, q, plane)
		// write writes the planes of a row, whose values are lost.
		write := func(row []int) {
			end := func(to, other, middle int) {
				a.opPart(part, "FADD.4S", row[to], row[to], row[other])
				a.fmls(part, row[to], row[middle], twoHalf)
			}
			end(0, 4, 2)
			put(row[0])
			end(5, 1, 3)
			a.copyPart(part, even, row[4])
			a.copyPart(part, odd, row[3])
			for i, v := range [][2]int{{even, odd}, {row[4], row[3]}} {
				a.fmls(part, v[0], row[2], inside[i])
				a.fmls(part, v[1], row[1], inside[i])
				a.twoRows(part, roots[i], v[0], v[1], t)
				put(v[0])
				put(t)
			}
			put(row[5])
		}
		// outer is the first row or the last one: three values of a column, from the given one on.
		outer := func(from int) {
			a.eachColumn(pixels, part, []int{from, from + 2, from + 4}, func(x int, load func(v, line int)) {
				load(first[x], from)
				load(odd, from+2)
				load(t, from+4)
				a.opPart(part, "FADD.4S", first[x], first[x], t)
				a.fmls(part, first[x], odd, twoHalf)
			})
			write(first)
		}
		a.load(x0, "x")
		a.load(dst, "dst")
		a.load(count, "tiles")
		a.line("ADD R%d, R%d, R%d", offset, x0, x0)
		a.line("ADD R%d, R%d, R%d", offset, dst, dst)
		a.label(name + "tile")
		a.line("MOVD R%d, R%d", dst, q)
		outer(0)
		for i := range 2 {
			a.eachColumn(pixels, part, []int{1, 2, 3, 4}, func(x int, load func(v, line int)) {
				load(first[x], 4)
				load(t, 2)
				load(odd, 3)
				load(even, 1)
				a.fmls(part, first[x], t, inside[i])
				a.fmls(part, odd, even, inside[i])
				a.twoRows(part, roots[i], first[x], odd, second[x])
			})
			write(first)
			write(second)
		}
		outer(1)
		a.line("ADD R%d<<2, R%d, R%d", pixel, x0, x0)
		a.line("ADD R%d, R%d, R%d", tile, dst, dst)
		a.line("SUBS $1, R%d, R%d", count, count)
		a.line("BNE %stile", name)
	}, func() { a.zeroPlanes(36, dst, offset, plane, tile, q, count, tmp) })
}

func (a *arm64) winogradGradient4() {
	a.begin("winogradGradient4", 0)
	const line, pixel, plane, tile, y, dst, q, count, left, offset, tmp, place = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
	a.loadBytes(line, "line", "pixel")
	a.loadBytes(plane, "plane", "tile")
	f := a.factors(31, tmp, 0.5, 2, rootHalf, rootTwo)
	inside, roots := f[:2], f[2:]
	a.channelBlocks(left, offset, true, func(name string, part int) {
		pixels := grid{y, line, pixel, 4, place, tmp}
		first, second := values(0, 4), values(8, 4)
		const even, odd, t = 16, 18, 20
		put := a.planesOut(part, q, plane)
		// write writes the planes of a row, whose values are lost.
		write := func(row []int) {
			put(row[0])
			a.copyPart(part, even, row[0])
			a.copyPart(part, odd, row[1])
			for i, v := range [][2]int{{even, odd}, {row[0], row[1]}} {
				a.fmla(part, v[0], row[2], inside[i])
				a.fmla(part, v[1], row[3], inside[i])
				a.twoRows(part, roots[i], v[0], v[1], t)
				put(v[0])
				put(t)
			}
			put(row[3])
		}
		outer := func(at int) {
			a.eachColumn(pixels, part, []int{at}, func(x int, load func(v, line int)) { load(first[x], at) })
			write(first)
		}
		a.load(y, "y")
		a.load(dst, "dst")
		a.load(count, "tiles")
		a.line("ADD R%d, R%d, R%d", offset, y, y)
		a.line("ADD R%d, R%d, R%d", offset, dst, dst)
		a.label(name + "tile")
		a.line("MOVD R%d, R%d", dst, q)
		outer(0)
		for i := range 2 {
			a.eachColumn(pixels, part, []int{0, 1, 2, 3}, func(x int, load func(v, line int)) {
				load(first[x], 0)
				load(t, 2)
				load(odd, 1)
				load(even, 3)
				a.fmla(part, first[x], t, inside[i])
				a.fmla(part, odd, even, inside[i])
				a.twoRows(part, roots[i], first[x], odd, second[x])
			})
			write(first)
			write(second)
		}
		outer(3)
		a.line("ADD R%d<<2, R%d, R%d", pixel, y, y)
		a.line("ADD R%d, R%d, R%d", tile, dst, dst)
		a.line("SUBS $1, R%d, R%d", count, count)
		a.line("BNE %stile", name)
	}, func() { a.zeroPlanes(36, dst, offset, plane, tile, q, count, tmp) })
}
