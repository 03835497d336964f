package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// transposeKernels writes the transpose of eight rows, a block of 8×8 at a time.
func transposeKernels(s isa) {
	if s.wide() {
		return // AVX-512 would gain nothing
	}
	s.begin("transpose")
	y, ldy, x, ldx, n, ldy3, ldx3, yHigh, xHigh := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10
	Load(Param("y"), y)
	Load(Param("ldy"), ldy)
	Load(Param("x"), x)
	Load(Param("ldx"), ldx)
	Load(Param("n"), n)
	SHLQ(Imm(2), ldy)
	SHLQ(Imm(2), ldx)
	LEAQ(Mem{Base: ldy, Index: ldy, Scale: 2}, ldy3)
	LEAQ(Mem{Base: ldx, Index: ldx, Scale: 2}, ldx3)
	// row is row i of eight, the last four of which start at high.
	row := func(base, high, ld, ld3 GPPhysical, i int) Mem {
		if i >= 4 {
			base = high
		}
		switch i % 4 {
		case 0:
			return Mem{Base: base}
		case 3:
			return Mem{Base: base, Index: ld3, Scale: 1}
		}
		return Mem{Base: base, Index: ld, Scale: uint8(i % 4)}
	}
	LEAQ(Mem{Base: x, Index: ldx, Scale: 4}, xHigh)
	Label("loop")
	LEAQ(Mem{Base: y, Index: ldy, Scale: 4}, yHigh)
	in, out := ymm[:8], ymm[8:]
	// Each register gets the left or right halves of two rows four apart, then pairs and quadruples are exchanged.
	for i := range 4 {
		for half := range 2 {
			r := in[i+4*half]
			left, right := row(x, xHigh, ldx, ldx3, i), row(x, xHigh, ldx, ldx3, i+4)
			left.Disp, right.Disp = 16*half, 16*half
			VMOVUPS(left, r.AsX())
			VINSERTF128(Imm(1), right, r, r)
		}
	}
	for half := range 2 {
		a := in[4*half:]
		b := out[4*half:]
		VUNPCKLPS(a[1], a[0], b[0])
		VUNPCKHPS(a[1], a[0], b[1])
		VUNPCKLPS(a[3], a[2], b[2])
		VUNPCKHPS(a[3], a[2], b[3])
		VUNPCKLPD(b[2], b[0], a[0])
		VUNPCKHPD(b[2], b[0], a[1])
		VUNPCKLPD(b[3], b[1], a[2])
		VUNPCKHPD(b[3], b[1], a[3])
		for i := range 4 {
			VMOVUPS(a[i], row(y, yHigh, ldy, ldy3, 4*half+i))
		}
	}
	LEAQ(Mem{Base: y, Index: ldy, Scale: 8}, y)
	ADDQ(Imm(32), x)
	ADDQ(Imm(32), xHigh)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
