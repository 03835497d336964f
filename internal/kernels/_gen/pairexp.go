package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// pairExpKernels writes the loops over a row of a symmetric matrix of which one half stands for both.
func pairExpKernels(s isa) {
	table := constants(s)
	maxTo(s)
	addExp(s, table)
	pairExp(s, table)
}

// eachVector writes body for all vectors of a row of RDX elements, and for the part of one left. body gets how to load
// and to store; next goes on by a vector. RDX, R8, K1 and the vector register mask are lost.
func (s isa) eachVector(mask VecPhysical, body func(load, store func(Op, Op)), next func()) {
	move := func(from, to Op) { VMOVUPS(from, to) }
	Label("loop")
	SUBQ(Imm(uint64(s.lanes)), RDX)
	JL(LabelRef("rest"))
	body(move, move)
	next()
	JMP(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(uint64(s.lanes)), RDX)
	JZ(LabelRef("end"))
	part := s.makeMask(RDX, R8, K1, mask)
	body(func(from, to Op) { part.load(from.(Mem), to.(Register)) },
		func(from, to Op) { part.store(from.(Register), to.(Mem)) })
	Label("end")
	VZEROUPPER()
	RET()
}

// maxTo writes the running maximum of columns.
func maxTo(s isa) {
	s.begin("maxTo")
	Load(Param("top"), RAX)
	Load(Param("x"), RBX)
	Load(Param("n"), RDX)
	top, x, mask := s.v(0), s.v(1), s.v(2)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(Mem{Base: RAX}, top)
		load(Mem{Base: RBX}, x)
		VMAXPS(x, top, top) // the last operand of the manual: it wins when one is NaN
		store(top, Mem{Base: RAX})
	}, func() {
		ADDQ(Imm(uint64(s.bytes())), RAX)
		ADDQ(Imm(uint64(s.bytes())), RBX)
	})
}

// exp sets p = exp(d); d, n and r are lost. RCX holds the table.
func (s isa) exp(table expTable, d, n, r, p VecPhysical) {
	VMOVUPS(table.mem("low"), p)
	VMAXPS(d, p, d) // NaN stays
	VMULPS(table.mem("1/ln2"), d, n)
	if s.wide() {
		VRNDSCALEPS(Imm(8), n, n)
	} else {
		VROUNDPS(Imm(8), n, n)
	}
	VMOVAPS(d, r)
	VFNMADD231PS(table.mem("ln2 high"), n, r)
	VFNMADD231PS(table.mem("ln2 low"), n, r)
	VMOVUPS(table.mem("p0"), p)
	for i := 1; i < len(expPolynomial); i++ {
		VFMADD213PS(table.mem("p"+string(rune('0'+i))), r, p)
	}
	if s.wide() {
		VSCALEFPS(n, p, p)
		return
	}
	VCVTPS2DQ(n, n) // 2ⁿ itself may have no normal value: two factors
	VPSRAD(Imm(1), n, d)
	VPSUBD(d, n, n)
	for _, half := range []VecPhysical{d, n} {
		VPADDD(table.mem("bias"), half, half)
		VPSLLD(Imm(23), half, half)
		VMULPS(half, p, p)
	}
}

// addExp writes the sum of exponentials of columns.
func addExp(s isa, table expTable) {
	s.begin("addExp")
	d, n, r, p, x, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5)
	Load(Param("sum"), RAX)
	Load(Param("x"), RBX)
	Load(Param("top"), RDI)
	Load(Param("n"), RDX)
	LEAQ(table.at, RCX)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(Mem{Base: RBX}, d)
		load(Mem{Base: RDI}, x)
		VSUBPS(x, d, d)
		s.exp(table, d, n, r, p)
		load(Mem{Base: RAX}, x)
		VADDPS(x, p, p)
		store(p, Mem{Base: RAX})
	}, func() {
		for _, at := range []GPPhysical{RAX, RBX, RDI} {
			ADDQ(Imm(uint64(s.bytes())), at)
		}
	})
}

// pairExp writes the sum of both softmaxes that an element of a symmetric matrix is part of.
func pairExp(s isa, table expTable) {
	s.begin("pairExp")
	d, n, r, p, x, y := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5)
	rowTop, rowScale, mask := s.v(6), s.v(7), s.v(8)
	Load(Param("y"), RAX)
	Load(Param("x"), RBX)
	Load(Param("top"), RDI)
	Load(Param("scale"), RSI)
	Load(Param("n"), RDX)
	VBROADCASTSS(param("rowTop"), rowTop)
	VBROADCASTSS(param("rowScale"), rowScale)
	LEAQ(table.at, RCX)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(Mem{Base: RBX}, x)
		VSUBPS(rowTop, x, d)
		s.exp(table, d, n, r, y)
		VMULPS(rowScale, y, y)
		load(Mem{Base: RDI}, d)
		VSUBPS(d, x, d)
		s.exp(table, d, n, r, p)
		load(Mem{Base: RSI}, d)
		VFMADD231PS(d, p, y)
		store(y, Mem{Base: RAX})
	}, func() {
		for _, at := range []GPPhysical{RAX, RBX, RDI, RSI} {
			ADDQ(Imm(uint64(s.bytes())), at)
		}
	})
}
