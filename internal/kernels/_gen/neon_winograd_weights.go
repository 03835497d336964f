package main

func (a *arm64) winogradWeights() {
	a.begin("winogradWeights", 0)
	const tap, plane, u, at, left, offset, tmp, half = 0, 1, 2, 3, 4, 5, 6, 31
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
		a.zeroColumn(16, u, plane, tmp)
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
