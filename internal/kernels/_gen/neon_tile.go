package main

import "fmt"

// On NEON a vector of the level is a pair of registers: eight values. Tiles are those of AVX2, whose 12 sums are 24 here.

// neonHeights are the heights of tiles, from the largest.
var neonHeights = []int{6, 4, 2, 1}

// neonTile is one variant of a tile kernel: rows × regs registers of sums, V0 and on.
type neonTile struct {
	*arm64
	rows, regs int
	name       string // of its labels
}

func (t neonTile) sum(r, i int) int { return r*t.regs + i }

func (t neonTile) clear() {
	for i := range t.rows * t.regs {
		t.zero(i)
	}
}

// multiply adds to the sums the products of lane of the vectors a, one for each row, with regs values of b, which V30 and
// V31 hold in turn: load loads pair i of registers of it.
func (t neonTile) multiply(a, lane func(r int) int, load func(i int)) {
	for i := range t.regs / 2 {
		load(i)
		for r := range t.rows {
			t.fmlaLane(t.sum(r, 2*i), 30, a(r), lane(r))
			t.fmlaLane(t.sum(r, 2*i+1), 31, a(r), lane(r))
		}
	}
}

// rowLoop adds products of count values of each row of a, whose pointers are R0 and on, with a panel: three registers say
// where it is, how many values there are, and count them down. It goes four values at a time, for which it loads a register
// of each row, behind the sums.
func (t neonTile) rowLoop(panel, count, left int) {
	a := func(r int) int { return t.rows*t.regs + r }
	if t.rows*t.regs+t.rows > 30 {
		panic("gen: out of vector registers")
	}
	steps := func(n int) {
		for k := range n {
			t.multiply(a, func(int) int { return k }, func(i int) { t.ldp(30, 31, panel, 16*t.regs*k+32*i) })
		}
		t.line("ADD $%d, R%d, R%d", 16*t.regs*n, panel, panel)
	}
	t.line("MOVD R%d, R%d", count, left)
	t.line("SUBS $4, R%d, R%d", left, left)
	t.line("BLT %sfew", t.name)
	t.label(t.name + "four")
	for r := range t.rows {
		t.line("FMOVQ.P 16(R%d), F%d", r, a(r))
	}
	steps(4)
	t.line("SUBS $4, R%d, R%d", left, left)
	t.line("BGE %sfour", t.name)
	t.label(t.name + "few")
	t.line("ADDS $4, R%d, R%d", left, left)
	t.line("BEQ %slast", t.name)
	t.label(t.name + "one")
	for r := range t.rows {
		t.line("FMOVS.P 4(R%d), F%d", r, a(r))
	}
	steps(1)
	t.line("SUBS $1, R%d, R%d", left, left)
	t.line("BNE %sone", t.name)
	t.label(t.name + "last")
}

func neonTiles(a *arm64) {
	a.rowTile()
	a.colTile()
}

// rowTile writes the kernel whose rows of A are anywhere in memory, each a number of runs.
func (a *arm64) rowTile() {
	a.begin("rowTile", 64)
	const (
		panel, left, segs, count, step       = 6, 7, 8, 9, 10
		base, aoff, c, coff, rows, cols, tmp = 11, 12, 13, 14, 15, 16, 17
		value, at, add                       = 19, 20, 21
		alpha, old                           = 31, 24
	)
	a.load(base, "a", "aoff", "c", "coff", "rows", "cols")
	a.load(segs, "segs", "segLen")
	a.loadBytes(step, "segStep")
	a.line("SUB R%d<<2, R%d, R%d", count, step, step) // from the end of a run
	a.load(panel, "b")
	a.line("MOVBU %s, R%d", a.arg("add"), add)
	for _, regs := range []int{4, 2} {
		if regs == 4 {
			a.line("CMP $8, R%d", cols)
			a.line("BLE narrow")
		} else {
			a.label("narrow")
		}
		for _, h := range neonHeights[:3] {
			a.line("CMP $%d, R%d", h, rows)
			a.line("BEQ tile%dx%d", h, regs)
		}
		a.line("B tile1x%d", regs)
	}
	for _, regs := range []int{4, 2} {
		for _, h := range neonHeights {
			t := neonTile{a, h, regs, fmt.Sprintf("tile%dx%d", h, regs)}
			a.label(t.name)
			for r := range h {
				a.line("MOVD %d(R%d), R%d", 8*r, aoff, tmp)
				a.line("ADD R%d<<2, R%d, R%d", tmp, base, r)
			}
			t.clear()
			a.label(t.name + "run")
			t.rowLoop(panel, count, left)
			for r := range h {
				a.line("ADD R%d, R%d, R%d", step, r, r)
			}
			a.line("SUBS $1, R%d, R%d", segs, segs)
			a.line("BNE %srun", t.name)

			// The rows of C: old + alpha·sum, or alpha·sum.
			a.loadScalar(alpha, "alpha")
			row := func(r int) {
				a.line("MOVD %d(R%d), R%d", 8*r, coff, at)
				a.line("ADD R%d<<2, R%d, R%d", at, c, at)
			}
			a.line("CMP $%d, R%d", 4*regs, cols)
			a.line("BNE %spart", t.name)
			a.line("CBZ R%d, %sset", add, t.name)
			for r := range h {
				row(r)
				for i := 0; i < regs; i += 2 {
					a.ldp(old, old+1, at, 16*i)
					a.fmlaLane(old, t.sum(r, i), alpha, 0)
					a.fmlaLane(old+1, t.sum(r, i+1), alpha, 0)
					a.stp(old, old+1, at, 16*i)
				}
			}
			a.line("RET")
			a.label(t.name + "set")
			for r := range h {
				row(r)
				for i := 0; i < regs; i += 2 {
					a.fmulLane(old, t.sum(r, i), alpha, 0)
					a.fmulLane(old+1, t.sum(r, i+1), alpha, 0)
					a.stp(old, old+1, at, 16*i)
				}
			}
			a.line("RET")
			a.label(t.name + "part") // one value at a time, from memory
			for r := range h {
				name := fmt.Sprintf("%spart%d", t.name, r)
				row(r)
				a.line("MOVD $sums-64(SP), R%d", value)
				for i := range regs {
					a.str(t.sum(r, i), value, 16*i)
				}
				a.line("MOVD R%d, R%d", cols, left)
				a.label(name)
				a.line("FMOVS.P 4(R%d), F%d", value, old)
				a.line("FMULS F%d, F%d, F%d", alpha, old, old+1)
				a.line("CBZ R%d, %sset", add, name)
				a.line("FMOVS (R%d), F%d", at, old+1)
				a.line("FMADDS F%d, F%d, F%d, F%d", alpha, old+1, old, old+1)
				a.label(name + "set")
				a.line("FMOVS.P F%d, 4(R%d)", old+1, at)
				a.line("SUBS $1, R%d, R%d", left, left)
				a.line("BNE %s", name)
			}
			a.line("RET")
		}
	}
}
