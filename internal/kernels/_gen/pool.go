package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// poolKernels writes what pooling does with the n channels of one pixel, for any n from 1.
func poolKernels(s isa) {
	maxTap(s)
	addWide(s)
}

// maxTap writes a running maximum that knows where it came from.
func maxTap(s isa) {
	s.begin("maxTap")
	at, next := s.streams("best", "arg", "x")
	best, arg, x, here, mask, better, number := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5), s.v(6)
	VBROADCASTSS(param("pixel"), here)
	const notLessEqual, ordered = 0x16, 7 // quiet; the first is true for NaN
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(0), best)
		load(at(1), arg)
		load(at(2), x)
		if s.wide() {
			VCMPPS(Imm(ordered), best, best, K2)
			VCMPPS(Imm(notLessEqual), best, x, K2, K3)
			VMOVAPS(x, K3, best)
			VMOVAPS(here, K3, arg)
		} else {
			VCMPPS(Imm(ordered), best, best, number)
			VCMPPS(Imm(notLessEqual), best, x, better)
			VANDPS(number, better, better)
			VBLENDVPS(better, x, best, best)
			VBLENDVPS(better, here, arg, arg)
		}
		store(best, at(0))
		store(arg, at(1))
	}, next)
}

// addWide writes the sum of pixels. Its float64 sums fill whole vectors.
func addWide(s isa) {
	s.begin("addWide")
	Load(Param("sum"), RAX)
	Load(Param("x"), RBX)
	Load(Param("n"), RDX)
	x, lo, mask := s.v(0), s.v(1), s.v(2)
	s.eachVector(mask, func(load, _ func(Op, Op)) {
		load(Mem{Base: RBX}, x)
		s.halves(x, lo, x)
		for i, v := range []VecPhysical{lo, x} {
			to := Mem{Base: RAX, Disp: i * s.bytes()}
			VADDPD(to, v, v)
			VMOVUPD(v, to)
		}
	}, func() {
		ADDQ(Imm(uint64(2*s.bytes())), RAX)
		ADDQ(Imm(uint64(s.bytes())), RBX)
	})
}
