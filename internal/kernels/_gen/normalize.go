package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// normalizeKernels writes loops over n elements that calculate in float64, for any n from 1.
func normalizeKernels(s isa) {
	dotWide(s)
	scaleWide(s)
	addTangent(s)
}

// dotWide writes a product of two vectors, in two sums of vectors.
func dotWide(s isa) {
	s.begin("dotWide")
	Load(Param("x"), RAX)
	Load(Param("y"), RBX)
	Load(Param("n"), RDX)
	sum, sum1, x, y, x1, y1, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5), s.v(6)
	zero(sum)
	zero(sum1)
	s.vectors(2, []GPPhysical{RAX, RBX}, func(vecs int) {
		for i := range 2 * vecs {
			VCVTPS2PD(Mem{Base: RAX, Disp: i * s.bytes() / 2}, x)
			VCVTPS2PD(Mem{Base: RBX, Disp: i * s.bytes() / 2}, y)
			VFMADD231PD(x, y, []VecPhysical{sum, sum1}[i%2])
		}
	})
	JZ(LabelRef("end"))
	rest := s.makeMask(RDX, RCX, K1, mask)
	rest.load(Mem{Base: RAX}, x1)
	rest.load(Mem{Base: RBX}, y1)
	s.halves(x1, x, x1)
	s.halves(y1, y, y1)
	VFMADD231PD(x, y, sum)
	VFMADD231PD(x1, y1, sum1)
	Label("end")
	VADDPD(sum1, sum, sum)
	s.total(sum, sum1)
	Store(sum.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// join converts float64 lanes to the float32 lanes of v, the lower ones from lo, the upper ones from hi; v may be lo.
func (s isa) join(lo, hi, v VecPhysical) {
	if s.wide() {
		VCVTPD2PS(hi, hi.AsY())
		VCVTPD2PS(lo, v.AsY())
		VINSERTF32X8(Imm(1), hi.AsY(), v, v)
	} else {
		VCVTPD2PSY(hi, hi.AsX())
		VCVTPD2PSY(lo, v.AsX())
		VINSERTF128(Imm(1), hi.AsX(), v, v)
	}
}

func scaleWide(s isa) {
	s.begin("scaleWide")
	at, next := s.streams("y", "x")
	x, lo, scale, mask := s.v(0), s.v(1), s.v(2), s.v(3)
	VBROADCASTSD(param("scale"), scale)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(1), x)
		s.halves(x, lo, x)
		VMULPD(scale, lo, lo)
		VMULPD(scale, x, x)
		s.join(lo, x, lo)
		store(lo, at(0))
	}, next)
}

// addTangent writes the gradient of a vector of length 1.
func addTangent(s isa) {
	s.begin("addTangent")
	at, next := s.streams("dx", "dy", "y")
	dx, g, glo, y, ylo, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5)
	dot, scale := s.v(6), s.v(7)
	VBROADCASTSD(param("dot"), dot)
	VBROADCASTSD(param("scale"), scale)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(1), g)
		load(at(2), y)
		s.halves(g, glo, g)
		s.halves(y, ylo, y)
		VFNMADD231PD(dot, ylo, glo)
		VFNMADD231PD(dot, y, g)
		VMULPD(scale, glo, glo)
		VMULPD(scale, g, g)
		s.join(glo, g, glo)
		load(at(0), dx)
		VADDPS(dx, glo, glo)
		store(glo, at(0))
	}, next)
}
