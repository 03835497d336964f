package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// weightFactors are those of the first and third, and of the second tap, of the inner rows.
func weightFactors(factor func(float64) Op) [][3]Op {
	return [][3]Op{{factor(-2. / 3), factor(-1. / 3), factor(-rootTwo / 3)}, {factor(1. / 6), factor(1. / 3), factor(rootTwo / 6)}}
}

func winogradWeights4(s isa) {
	s.begin("winogradWeights4")
	w, tap, tap3, u, plane, at, left, offset, tmp := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10
	factors := weightFactors(s.factors())
	loadBytes("tap", tap)
	LEAQ(Mem{Base: tap, Index: tap, Scale: 2}, tap3)
	loadBytes("plane", plane)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		first, second := s.registers(0, 3), s.registers(3, 3)
		even, odd, t := s.v(12), s.v(13), s.v(14)
		taps := []Mem{{Base: at}, {Base: at, Index: tap3, Scale: 1}, {Base: at, Index: tap3, Scale: 2}}
		columns := func(do func(x int)) {
			MOVQ(w, at)
			for x := range 3 {
				do(x)
				if x < 2 {
					ADDQ(tap, at)
				}
			}
		}
		// inner sets sum and difference to two inner rows of three values.
		inner := func(f [3]Op, g0, g1, g2, sum, difference VecPhysical) {
			VMULPS(f[0], g0, sum)
			VFMADD231PS(f[1], g2, sum)
			pair(f[2], sum, g1, difference)
		}
		put := planesOut(u, plane)
		write := func(row []VecPhysical) {
			put(row[0])
			for _, f := range factors {
				inner(f, row[0], row[1], row[2], even, odd)
				put(even)
				put(odd)
			}
			put(row[2])
		}
		Load(Param("w"), w)
		ADDQ(offset, w)
		Load(Param("u"), u)
		ADDQ(offset, u)
		columns(func(x int) { loadVec(mask, taps[0], first[x]) })
		write(first)
		for _, f := range factors {
			columns(func(x int) {
				loadVec(mask, taps[0], even)
				loadVec(mask, taps[1], odd)
				loadVec(mask, taps[2], t)
				inner(f, even, odd, t, first[x], second[x])
			})
			write(first)
			write(second)
		}
		columns(func(x int) { loadVec(mask, taps[2], first[x]) })
		write(first)
	})
}

func winogradFold4(s isa) {
	s.begin("winogradFold4")
	du, plane, row, row3, row5, dw, tap, at, left, offset, tmp := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, R12
	factors := weightFactors(s.factors())
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, row)
	SHLQ(Imm(1), row) // six planes
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	LEAQ(Mem{Base: row, Index: row, Scale: 4}, row5)
	loadBytes("tap", tap)
	channelBlocks(s, left, offset, tmp, s.v(15), func(_ string, mask *tailMask) {
		r, a, b, t := s.registers(0, 6), s.v(12), s.v(13), s.v(14)
		planes := []Mem{{Base: at}, {Base: at, Index: row, Scale: 1}, {Base: at, Index: row, Scale: 2}, {Base: at, Index: row3, Scale: 1},
			{Base: at, Index: row, Scale: 4}, {Base: at, Index: row5, Scale: 1}}
		// fold sets to to one of three taps of six values, of which a and b are sums of the inner ones, or differences.
		fold := func(i int, end Op, to VecPhysical) {
			j := []int{0, 2, 1}[i]
			VMULPS(factors[0][j], a, to)
			VFMADD231PS(factors[1][j], b, to)
			if end != nil {
				VADDPS(end, to, to)
			}
		}
		Load(Param("du"), du)
		ADDQ(offset, du)
		Load(Param("dw"), dw)
		ADDQ(offset, dw)
		for y := range 3 {
			MOVQ(du, at)
			combine := VADDPS
			if y == 1 {
				combine = VSUBPS
			}
			ends := []Op{planes[0], nil, planes[5]}
			for x := range 6 {
				VMOVUPS(planes[1], a)
				combine(planes[2], a, a)
				VMOVUPS(planes[3], b)
				combine(planes[4], b, b)
				fold(y, ends[y], r[x])
				if x < 5 {
					ADDQ(plane, at)
				}
			}
			for x, end := range []Op{r[0], nil, r[5]} {
				if x == 1 {
					VSUBPS(r[2], r[1], a)
					VSUBPS(r[4], r[3], b)
				} else {
					VADDPS(r[2], r[1], a)
					VADDPS(r[4], r[3], b)
				}
				old := s.v(6)
				fold(x, end, t)
				loadVec(mask, Mem{Base: dw}, old)
				VADDPS(old, t, t)
				storeVec(mask, t, Mem{Base: dw})
				ADDQ(tap, dw)
			}
		}
	})
}
