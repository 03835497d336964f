package main

// weightsByRow are the factors of the first, the third and the second tap in each two of the inner rows.
func (a *arm64) weightsByRow(v, tmp int) [][]factor {
	f := a.factors(v, tmp, -2./3, -1./3, -rootTwo/3, 1./6, 1./3, rootTwo/6)
	return [][]factor{f[:3], f[3:]}
}

func (a *arm64) winogradWeights4() {
	a.begin("winogradWeights4", 0)
	const tap, plane, tap3, w, u, left, offset, tmp, place = 0, 1, 2, 3, 4, 5, 6, 7, 8
	a.loadBytes(tap, "tap")
	a.loadBytes(plane, "plane")
	a.line("ADD R%d<<1, R%d, R%d", tap, tap, tap3)
	factors := a.weightsByRow(30, tmp)
	a.channelBlocks(left, offset, false, func(_ string, part int) {
		const taps, first, second, even, odd = 0, 9, 12, 15, 16 // V0 to V8: the taps
		a.load(w, "w")
		a.load(u, "u")
		a.line("ADD R%d, R%d, R%d", offset, w, w)
		a.line("ADD R%d, R%d, R%d", offset, u, u)
		// inner sets sum and difference to two inner rows of three values, distance apart from g on.
		inner := func(f []factor, g, distance, sum, difference int) {
			a.fmul(part, sum, g, f[0])
			a.fmla(part, sum, g+2*distance, f[1])
			a.twoRows(part, f[2], sum, g+distance, difference)
		}
		put := a.planesOut(part, u, plane)
		write := func(row int) {
			put(row)
			for _, f := range factors {
				inner(f, row, 1, even, odd)
				put(even)
				put(odd)
			}
			put(row + 2)
		}
		a.eachColumn(grid{w, tap3, tap, 3, place, tmp}, part, []int{0, 1, 2}, func(x int, load func(v, line int)) {
			for y := range 3 {
				load(taps+3*y+x, y)
			}
		})
		write(taps)
		for _, f := range factors {
			for x := range 3 {
				inner(f, taps+x, 3, first+x, second+x)
			}
			write(first)
			write(second)
		}
		write(taps + 6)
	}, func() {
		a.load(u, "u")
		a.line("ADD R%d, R%d, R%d", offset, u, u)
		a.zeroColumn(36, u, plane, tmp)
	})
}

func (a *arm64) winogradFold4() {
	a.begin("winogradFold4", 0)
	const plane, tap, row, du, dw, left, offset, tmp, place = 0, 1, 2, 3, 4, 5, 6, 7, 8
	a.loadBytes(plane, "plane")
	a.loadBytes(tap, "tap")
	a.line("ADD R%d<<1, R%d, R%d", plane, plane, row)
	a.line("LSL $1, R%d, R%d", row, row) // six planes
	factors := a.weightsByRow(30, tmp)
	a.channelBlocks(left, offset, false, func(_ string, part int) {
		a.load(du, "du")
		a.load(dw, "dw")
		a.line("ADD R%d, R%d, R%d", offset, du, du)
		a.line("ADD R%d, R%d, R%d", offset, dw, dw)
		const inside, sumA, sumB, middle, old = 18, 22, 23, 24, 25
		// fold sets top, middle and bottom to the three taps of six values: those of top and bottom, and four from inside on.
		// Of these two are lost.
		fold := func(top, middle, bottom, inside int) {
			a.op("FADD.4S", sumA, inside, inside+1)
			a.op("FADD.4S", sumB, inside+2, inside+3)
			a.op("FSUB.4S", inside, inside, inside+1)
			a.op("FSUB.4S", inside+2, inside+2, inside+3)
			a.fmla(4, top, sumA, factors[0][0])
			a.fmla(4, top, sumB, factors[1][0])
			a.fmul(4, middle, inside, factors[0][2])
			a.fmla(4, middle, inside+2, factors[1][2])
			a.fmla(4, bottom, sumA, factors[0][1])
			a.fmla(4, bottom, sumB, factors[1][1])
		}
		// V0 to V17: three rows of six columns.
		a.eachColumn(grid{du, row, plane, 6, place, tmp}, 4, []int{0, 1, 2, 3, 4, 5}, func(x int, load func(v, line int)) {
			load(x, 0)
			for y := range 4 {
				load(inside+y, 1+y)
			}
			load(12+x, 5)
			fold(x, 6+x, 12+x, inside)
		})
		for y := range 3 {
			r := 6 * y
			fold(r, middle, r+5, r+1)
			for x, v := range []int{r, middle, r + 5} {
				a.loadPart(part, old, dw, tmp)
				a.op("FADD.4S", v, v, old)
				a.storePart(part, v, dw, tmp)
				if y < 2 || x < 2 {
					a.line("ADD R%d, R%d, R%d", tap, dw, dw)
				}
			}
		}
	}, nil)
}
