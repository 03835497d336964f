package main

import "math"

// The transforms of F(4×4, 3×3) are those of winograd_four.go, on registers that are V(v) and for eight channels V(v+1).

func (a *arm64) winogradFours() {
	a.winogradInput4()
	a.winogradOutput4()
	a.winogradGradient4()
	a.winogradWeights4()
	a.winogradFold4()
}

// factor is a lane of a register that a vector is multiplied by.
type factor struct{ v, lane int }

// factors sets the lanes of the registers from V(v) on to factors. tmp is lost.
func (a *arm64) factors(v, tmp int, values ...float64) []factor {
	var all []factor
	for i, x := range values {
		f := factor{v + i/4, i % 4}
		a.line("MOVD $0x%08x, R%d", math.Float32bits(float32(x)), tmp)
		a.line("VMOV R%d, V%d.S[%d]", tmp, f.v, f.lane)
		all = append(all, f)
	}
	return all
}

// fmla, fmls and fmul write d += n·f, d −= n·f and d = n·f for the registers of a part.
func (a *arm64) fmla(part, d, n int, f factor) { a.byFactor(part, d, n, f, a.fmlaLane) }
func (a *arm64) fmls(part, d, n int, f factor) { a.byFactor(part, d, n, f, a.fmlsLane) }
func (a *arm64) fmul(part, d, n int, f factor) { a.byFactor(part, d, n, f, a.fmulLane) }

func (a *arm64) byFactor(part, d, n int, f factor, op func(d, n, m, lane int)) {
	op(d, n, f.v, f.lane)
	if part == 8 {
		op(d+1, n+1, f.v, f.lane)
	}
}

// copyPart copies the registers of a part.
func (a *arm64) copyPart(part, d, n int) { a.opPart(part, "ORR.16B", d, n, n) }

// twoRows sets even to even + f·odd, and other to even − f·odd.
func (a *arm64) twoRows(part int, f factor, even, odd, other int) {
	a.copyPart(part, other, even)
	a.fmla(part, even, odd, f)
	a.fmls(part, other, odd, f)
}

// values are n of them, in registers from V(first) on.
func values(first, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = first + 2*i
	}
	return all
}

// grid says which registers have the place of the first of columns of values, the distance of its lines and that of its columns in
// bytes. Those from R(place) on are lost, one for each line, and tmp.
type grid struct{ first, line, column, columns, place, tmp int }

// eachColumn has do visit columns, where load loads parts of the values on the given lines. It is to load each once.
func (a *arm64) eachColumn(g grid, part int, lines []int, do func(x int, load func(v, line int))) {
	for _, l := range lines {
		a.lineAt(g.place+l, g.first, g.line, l)
	}
	for x := range g.columns {
		do(x, func(v, line int) {
			a.loadPart(part, v, g.place+line, g.tmp)
			if x < g.columns-1 {
				a.line("ADD R%d, R%d, R%d", g.column, g.place+line, g.place+line)
			}
		})
	}
}

// lineAt sets to to the place of a line, up to the seventh, from first on.
func (a *arm64) lineAt(to, first, line, n int) {
	from := first
	for shift := 2; shift >= 0; shift-- {
		if n>>shift&1 == 1 {
			a.line("ADD R%d<<%d, R%d, R%d", line, shift, from, to)
			from = to
		}
	}
	if n == 0 {
		a.line("MOVD R%d, R%d", first, to)
	}
}

// planesOut stores registers of a part in one plane after the other.
func (a *arm64) planesOut(part, q, plane int) func(v int) {
	return func(v int) {
		a.putPart(part, v, q)
		a.line("ADD R%d, R%d, R%d", plane, q, q)
	}
}
