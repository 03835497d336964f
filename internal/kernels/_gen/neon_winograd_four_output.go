package main

import "fmt"

func (a *arm64) winogradOutput4() {
	a.begin("winogradOutput4", 0)
	const plane, tile, line, pixel, row, adds, m, y, count, left, offset, tmp, place = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	a.loadBytes(plane, "plane", "tile")
	a.loadBytes(line, "line", "pixel")
	a.line("ADD R%d<<1, R%d, R%d", plane, plane, row)
	a.line("LSL $1, R%d, R%d", row, row) // six planes
	a.line("MOVBU %s, R%d", a.arg("add"), adds)
	f := a.factors(30, tmp, 0.5, 2, rootHalf, rootTwo, rootHalf/2, 2*rootTwo)
	even, odd, cubes := f[0:2], f[2:4], f[4:6]
	a.channelBlocks(left, offset, true, func(name string, part int) {
		planes := grid{m, row, plane, 6, place, tmp}
		upper, lower := values(0, 6), values(12, 6)
		const near, far, t = 24, 26, 28 // of the points ±√½, and ±√2: sums or differences of two values
		// set sets to to f[0]·near + f[1]·far.
		set := func(to, near, far int, f []factor) {
			a.fmul(part, to, near, f[0])
			a.fmla(part, to, far, f[1])
		}
		// add adds that to to.
		add := func(to, near, far int, f []factor) {
			a.fmla(part, to, near, f[0])
			a.fmla(part, to, far, f[1])
		}
		// write sets a line of y to what the planes of a row give.
		write := func(r []int, i int) {
			a.opPart(part, "FADD.4S", near, r[1], r[2])
			a.opPart(part, "FSUB.4S", r[1], r[1], r[2])
			a.opPart(part, "FADD.4S", far, r[3], r[4])
			a.opPart(part, "FSUB.4S", r[3], r[3], r[4])
			a.opPart(part, "FADD.4S", r[0], r[0], near)
			a.opPart(part, "FADD.4S", r[0], r[0], far)
			set(r[2], near, far, even)
			set(r[4], r[1], r[3], odd)
			add(r[5], r[1], r[3], cubes)
			a.lineAt(place, y, line, i)
			for x := range 3 {
				a.line("ADD R%d, R%d, R%d", pixel, place+x, place+x+1)
			}
			results := []int{r[0], r[4], r[2], r[5]}
			a.line("CBZ R%d, %sset%d", adds, name, i)
			for x, v := range results {
				a.loadPart(part, t, place+x, tmp)
				a.opPart(part, "FADD.4S", v, v, t)
			}
			a.label(fmt.Sprint(name, "set", i))
			for x, v := range results {
				a.storePart(part, v, place+x, tmp)
			}
		}
		a.load(m, "m")
		a.load(y, "y")
		a.load(count, "tiles")
		a.line("ADD R%d, R%d, R%d", offset, m, m)
		a.line("ADD R%d, R%d, R%d", offset, y, y)
		a.label(name + "tile")
		// combine sets near and far to two planes each, added or subtracted.
		combine := func(op string, x int, load func(v, line int)) {
			load(near, 1)
			load(upper[x], 2)
			load(far, 3)
			load(lower[x], 4)
			a.opPart(part, op, near, near, upper[x])
			a.opPart(part, op, far, far, lower[x])
		}
		a.eachColumn(planes, max(part, 4), []int{0, 1, 2, 3, 4}, func(x int, load func(v, line int)) {
			combine("FADD.4S", x, load)
			load(upper[x], 0)
			a.opPart(part, "FADD.4S", upper[x], upper[x], near)
			a.opPart(part, "FADD.4S", upper[x], upper[x], far)
			set(lower[x], near, far, even)
		})
		write(upper, 0)
		write(lower, 2)
		a.eachColumn(planes, max(part, 4), []int{1, 2, 3, 4, 5}, func(x int, load func(v, line int)) {
			combine("FSUB.4S", x, load)
			set(upper[x], near, far, odd)
			load(lower[x], 5)
			add(lower[x], near, far, cubes)
		})
		write(upper, 1)
		write(lower, 3)
		a.line("ADD R%d<<2, R%d, R%d", pixel, y, y)
		a.line("ADD R%d, R%d, R%d", tile, m, m)
		a.line("SUBS $1, R%d, R%d", count, count)
		a.line("BNE %stile", name)
	}, nil)
}
