package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func winogradOutput4(s isa) {
	s.begin("winogradOutput4")
	m, q, plane, row, row3, row5, y, pixel := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9
	pixel3, count, left, offset, line, tmp := R10, R11, R12, R13, R14, R15
	factor := s.factors()
	two, half, rootHalf, rootTwo := factor(2), factor(0.5), factor(rootHalf), factor(rootTwo)
	rootEighth, rootEight := factor(fours[5]), factor(fours[6])
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, row)
	SHLQ(Imm(1), row) // six planes
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	LEAQ(Mem{Base: row, Index: row, Scale: 4}, row5)
	loadBytes("pixel", pixel)
	LEAQ(Mem{Base: pixel, Index: pixel, Scale: 2}, pixel3)
	loadBytes("line", line)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		upper, lower := s.registers(0, 6), s.registers(6, 6)
		a, b, t := s.v(12), s.v(13), s.v(14)
		planes := []Mem{{Base: q}, {Base: q, Index: row, Scale: 1}, {Base: q, Index: row, Scale: 2}, {Base: q, Index: row3, Scale: 1},
			{Base: q, Index: row, Scale: 4}, {Base: q, Index: row5, Scale: 1}}
		columns := func(do func(x int)) {
			MOVQ(m, q)
			for x := range 6 {
				VMOVUPS(planes[1], a)
				VMOVUPS(planes[3], b)
				do(x)
				if x < 5 {
					ADDQ(plane, q)
				}
			}
		}
		// write sets the line at q to what the planes of a row give.
		write := func(r []VecPhysical, label string) {
			VADDPS(r[2], r[1], a)
			VSUBPS(r[2], r[1], r[1])
			VADDPS(r[4], r[3], b)
			VSUBPS(r[4], r[3], r[3])
			VADDPS(a, r[0], r[0])
			VADDPS(b, r[0], r[0])
			VMULPS(half, a, r[2])
			VFMADD231PS(two, b, r[2])
			VFMADD231PS(rootEighth, r[1], r[5])
			VFMADD231PS(rootEight, r[3], r[5])
			VMULPS(rootHalf, r[1], r[1])
			VFMADD231PS(rootTwo, r[3], r[1])
			places := []Mem{{Base: q}, {Base: q, Index: pixel, Scale: 1}, {Base: q, Index: pixel, Scale: 2}, {Base: q, Index: pixel3, Scale: 1}}
			results := []VecPhysical{r[0], r[1], r[2], r[5]}
			CMPB(param("add"), Imm(0))
			JEQ(LabelRef(name + label))
			for i, v := range results {
				loadVec(mask, places[i], t)
				VADDPS(t, v, v)
			}
			Label(name + label)
			for i, v := range results {
				storeVec(mask, v, places[i])
			}
		}
		Load(Param("m"), m)
		ADDQ(offset, m)
		Load(Param("y"), y)
		ADDQ(offset, y)
		Load(Param("tiles"), count)
		Label(name + "tile")
		columns(func(x int) {
			VADDPS(planes[2], a, a)
			VADDPS(planes[4], b, b)
			VADDPS(planes[0], a, upper[x])
			VADDPS(b, upper[x], upper[x])
			VMULPS(half, a, lower[x])
			VFMADD231PS(two, b, lower[x])
		})
		MOVQ(y, q)
		write(upper, "set0")
		LEAQ(Mem{Base: y, Index: line, Scale: 2}, q)
		write(lower, "set2")
		columns(func(x int) {
			VSUBPS(planes[2], a, a)
			VSUBPS(planes[4], b, b)
			VMULPS(rootHalf, a, upper[x])
			VFMADD231PS(rootTwo, b, upper[x])
			VMOVUPS(planes[5], lower[x])
			VFMADD231PS(rootEighth, a, lower[x])
			VFMADD231PS(rootEight, b, lower[x])
		})
		LEAQ(Mem{Base: y, Index: line, Scale: 1}, q)
		write(upper, "set1")
		LEAQ(Mem{Base: q, Index: line, Scale: 2}, q)
		write(lower, "set3")
		LEAQ(Mem{Base: y, Index: pixel, Scale: 4}, y)
		loadBytes("tile", tmp)
		ADDQ(tmp, m)
		DECQ(count)
		JNZ(LabelRef(name + "tile"))
	})
}
