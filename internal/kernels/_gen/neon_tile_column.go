package main

import "fmt"

// colTile writes the kernel that takes a column of A from adjacent memory. Of columns that are not whole registers the
// last register has the last four, some of which another has, too. Fewer than four columns are done one by one.
func (a *arm64) colTile() {
	a.begin("colTile", 0)
	const (
		pa0, pb0, stepA, stepB, segA, segB            = 0, 1, 2, 3, 4, 5
		segs, segLen, c, ldc, rows, cols              = 6, 7, 8, 9, 10, 11
		segsLeft, left, runA, runB, pa, pb, last, tmp = 12, 13, 14, 15, 16, 17, 19, 20
		at, add                                       = 21, 22
	)
	a.load(pa0, "a", "b")
	a.loadBytes(stepA, "stepA", "stepB", "segA", "segB")
	a.load(segs, "segs", "segLen", "c")
	a.loadBytes(ldc, "ldc")
	a.load(rows, "rows", "cols")
	a.line("MOVBU %s, R%d", a.arg("add"), add)
	a.line("LSL $2, R%d, R%d", cols, last)
	a.line("SUB $16, R%d, R%d", last, last)
	// By the number of columns: the variant of the first that branches at the number beside it. With part the last register
	// has a place of its own.
	kinds := []struct {
		name, branch string
		cols, regs   int
		part         bool
	}{
		{"full4", "BEQ", 16, 4, false}, {"part4", "BGT", 12, 4, true}, {"part3", "BGT", 8, 3, true},
		{"full2", "BEQ", 8, 2, false}, {"part2", "BGT", 4, 2, true}, {"part1", "BEQ", 4, 1, true}, {"single", "B", 0, 1, false},
	}
	for _, k := range kinds {
		if k.branch == "B" {
			a.line("B %s", k.name)
			break
		}
		a.line("CMP $%d, R%d", k.cols, cols)
		a.line("%s %s", k.branch, k.name)
	}
	for _, k := range kinds {
		heights := neonHeights
		if k.regs <= 2 {
			heights = append([]int{12}, heights...)
		}
		a.label(k.name)
		for _, h := range heights[:len(heights)-1] {
			a.line("CMP $%d, R%d", h, rows)
			a.line("BEQ %sx%d", k.name, h)
		}
		a.line("B %sx1", k.name)
		for _, h := range heights {
			t := neonTile{a, h, k.regs, fmt.Sprintf("%sx%d", k.name, h)}
			single := k.name == "single"
			// A: V24 and on, of four rows each; B: V28 and on.
			const av, bv = 24, 28
			a.label(t.name)
			t.clear()
			a.line("MOVD R%d, R%d", pa0, runA)
			a.line("MOVD R%d, R%d", pb0, runB)
			a.line("MOVD R%d, R%d", segs, segsLeft)
			a.label(t.name + "run")
			a.line("MOVD R%d, R%d", runA, pa)
			a.line("MOVD R%d, R%d", runB, pb)
			a.line("MOVD R%d, R%d", segLen, left)
			a.label(t.name + "loop")
			switch h {
			case 12:
				a.ldp(av, av+1, pa, 0)
				a.ldr(av+2, pa, 32)
			case 6:
				a.ldr(av, pa, 0)
				a.line("FMOVD 16(R%d), F%d", pa, av+1)
			case 4:
				a.ldr(av, pa, 0)
			case 2:
				a.line("FMOVD (R%d), F%d", pa, av)
			case 1:
				a.line("FMOVS (R%d), F%d", pa, av)
			}
			switch {
			case single:
				a.line("FMOVS (R%d), F%d", pb, bv)
			case k.part:
				for i := range k.regs - 1 {
					a.ldr(bv+i, pb, 16*i)
				}
				a.ldrAt(bv+k.regs-1, pb, last)
			default:
				for i := 0; i < k.regs; i += 2 {
					a.ldp(bv+i, bv+i+1, pb, 16*i)
				}
			}
			for r := range h {
				for i := range k.regs {
					a.fmlaLane(t.sum(r, i), bv+i, av+r/4, r%4)
				}
			}
			a.line("ADD R%d, R%d, R%d", stepA, pa, pa)
			a.line("ADD R%d, R%d, R%d", stepB, pb, pb)
			a.line("SUBS $1, R%d, R%d", left, left)
			a.line("BNE %sloop", t.name)
			a.line("ADD R%d, R%d, R%d", segA, runA, runA)
			a.line("ADD R%d, R%d, R%d", segB, runB, runB)
			a.line("SUBS $1, R%d, R%d", segsLeft, segsLeft)
			a.line("BNE %srun", t.name)

			const alpha = 31
			a.loadScalar(alpha, "alpha")
			a.line("MOVD R%d, R%d", c, at)
			each := func(add bool) {
				for r := range h {
					move := func(load bool) {
						for i := range k.regs {
							v := av + i
							switch {
							case single && load:
								a.line("FMOVS (R%d), F%d", at, v)
							case single:
								a.line("FMOVS F%d, (R%d)", v, at)
							case k.part && i == k.regs-1 && load:
								a.ldrAt(v, at, last)
							case k.part && i == k.regs-1:
								a.strAt(v, at, last)
							case load:
								a.ldr(v, at, 16*i)
							default:
								a.str(v, at, 16*i)
							}
						}
					}
					if add {
						move(true)
					}
					for i := range k.regs {
						if add {
							a.fmlaLane(av+i, t.sum(r, i), alpha, 0)
						} else {
							a.fmulLane(av+i, t.sum(r, i), alpha, 0)
						}
					}
					move(false)
					if r < h-1 {
						a.line("ADD R%d, R%d, R%d", ldc, at, at)
					}
				}
			}
			end := func() { a.line("RET") }
			if single {
				end = func() { a.line("B %snext", t.name) }
			}
			a.line("CBZ R%d, %sset", add, t.name)
			each(true)
			end()
			a.label(t.name + "set")
			each(false)
			end()
			if single {
				a.label(t.name + "next")
				a.line("ADD $4, R%d, R%d", pb0, pb0)
				a.line("ADD $4, R%d, R%d", c, c)
				a.line("SUBS $1, R%d, R%d", cols, cols)
				a.line("BNE %s", t.name)
				a.line("RET")
			}
		}
	}
}
