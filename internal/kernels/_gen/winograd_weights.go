package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// half sets a register to ½ in each lane.
func half(tmp GPPhysical, v VecPhysical) {
	MOVL(U32(0x3f000000), tmp.As32())
	VMOVD(tmp.As32(), v.AsX())
	VBROADCASTSS(v.AsX(), v)
}

func winogradWeights(s isa) {
	s.begin("winogradWeights")
	w, tap, u, plane, plane3, at, to, left, offset, tmp := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11
	loadBytes("tap", tap)
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, plane3)
	halves := s.v(14)
	half(tmp, halves)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		Load(Param("w"), w)
		ADDQ(offset, w)
		Load(Param("u"), to)
		ADDQ(offset, to)
		MOVQ(to, u)
		for y := range 4 {
			row := []VecPhysical{s.v(0), s.v(1), s.v(2)}
			MOVQ(w, at)
			if y == 3 {
				LEAQ(Mem{Base: tap, Index: tap, Scale: 2}, tmp) // the third row of taps is six on
				LEAQ(Mem{Base: at, Index: tmp, Scale: 2}, at)
			}
			for x := range 3 {
				loadVec(mask, Mem{Base: at}, row[x])
				if y == 1 || y == 2 {
					LEAQ(Mem{Base: tap, Index: tap, Scale: 2}, tmp)
					loadVec(mask, Mem{Base: at, Index: tmp, Scale: 2}, s.v(3))
					VADDPS(s.v(3), row[x], row[x])
					loadVec(mask, Mem{Base: at, Index: tmp, Scale: 1}, s.v(3))
					if y == 1 {
						VADDPS(s.v(3), row[x], row[x])
					} else {
						VSUBPS(s.v(3), row[x], row[x])
					}
					VMULPS(halves, row[x], row[x])
				}
				ADDQ(tap, at)
			}
			outer, second, third := s.v(4), s.v(5), s.v(6)
			VADDPS(row[2], row[0], outer)
			VADDPS(row[1], outer, second)
			VMULPS(halves, second, second)
			VSUBPS(row[1], outer, third)
			VMULPS(halves, third, third)
			VMOVUPS(row[0], Mem{Base: u})
			VMOVUPS(second, Mem{Base: u, Index: plane, Scale: 1})
			VMOVUPS(third, Mem{Base: u, Index: plane, Scale: 2})
			VMOVUPS(row[2], Mem{Base: u, Index: plane3, Scale: 1})
			LEAQ(Mem{Base: u, Index: plane, Scale: 4}, u)
		}
	})
}

func winogradFold(s isa) {
	s.begin("winogradFold")
	du, plane, plane4, plane12, dw, tap, at, left, offset, tmp := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11
	loadBytes("tap", tap)
	loadBytes("plane", plane)
	MOVQ(plane, plane4)
	SHLQ(Imm(2), plane4)
	LEAQ(Mem{Base: plane4, Index: plane4, Scale: 2}, plane12)
	halves := s.v(14)
	half(tmp, halves)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		Load(Param("du"), du)
		ADDQ(offset, du)
		Load(Param("dw"), dw)
		ADDQ(offset, dw)
		for y := range 3 {
			row := []VecPhysical{s.v(0), s.v(1), s.v(2), s.v(3)}
			MOVQ(du, at)
			for x := range 4 {
				VMOVUPS(Mem{Base: at, Index: plane4, Scale: 1}, row[x])
				if y == 1 {
					VSUBPS(Mem{Base: at, Index: plane4, Scale: 2}, row[x], row[x])
				} else {
					VADDPS(Mem{Base: at, Index: plane4, Scale: 2}, row[x], row[x])
				}
				VMULPS(halves, row[x], row[x])
				switch y {
				case 0:
					VADDPS(Mem{Base: at}, row[x], row[x])
				case 2:
					VADDPS(Mem{Base: at, Index: plane12, Scale: 1}, row[x], row[x])
				}
				ADDQ(plane, at)
			}
			sum, difference := s.v(4), s.v(5)
			VADDPS(row[2], row[1], sum)
			VMULPS(halves, sum, sum)
			VSUBPS(row[2], row[1], difference)
			VMULPS(halves, difference, difference)
			VADDPS(sum, row[0], row[0])
			VADDPS(sum, row[3], row[3])
			for _, v := range []VecPhysical{row[0], difference, row[3]} {
				old := s.v(6)
				loadVec(mask, Mem{Base: dw}, old)
				VADDPS(old, v, v)
				if mask != nil {
					mask.store(v, Mem{Base: dw})
				} else {
					VMOVUPS(v, Mem{Base: dw})
				}
				ADDQ(tap, dw)
			}
		}
	})
}
