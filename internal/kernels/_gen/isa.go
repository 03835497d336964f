package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// isa is an instruction set of amd64.
type isa struct {
	name  string
	lanes int  // float32 values in a register
	regs  int  // vector registers
	pairs bool // of bfloat16 are multiplied, in place of float32
}

var (
	avx2   = isa{nameAVX2, 8, 16, false}
	avx512 = isa{nameAVX512, 16, 32, false}
)

func (s isa) wide() bool { return s.lanes == 16 }

// bytes is the size of a register.
func (s isa) bytes() int { return 4 * s.lanes }

// v is vector register i.
func (s isa) v(i int) VecPhysical {
	if i >= s.regs {
		panic("gen: out of vector registers")
	}
	if s.wide() {
		return zmm[i]
	}
	return ymm[i]
}

var (
	ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	zmm = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
)

// tailMask is a mask of the first lanes of a register. Masked loads give zeros in the other lanes and touch no memory
// there; masked stores leave memory as it is.
type tailMask struct {
	isa isa
	k   Register // AVX-512
	v   Register // AVX2
}

// makeMask builds the mask of n lanes, n from 1 to lanes; n is lost. On AVX2 the mask takes the vector register v, and
// tmp a general one; on AVX-512 it takes the mask register k.
func (s isa) makeMask(n, tmp GPPhysical, k Register, v Register) tailMask {
	if s.wide() {
		NEGQ(n)
		ADDQ(Imm(16), n)
		MOVL(U32(0xffff), tmp.As32())
		SHRXL(n.As32(), tmp.As32(), tmp.As32())
		KMOVW(tmp.As32(), k)
		return tailMask{isa: s, k: k}
	}
	LEAQ(maskTable(), tmp)
	NEGQ(n)
	VMOVUPS(Mem{Base: tmp, Index: n, Scale: 4, Disp: 32}, v)
	return tailMask{isa: s, v: v}
}

var maskTableMem *Mem

// maskTable is eight words of ones and eight of zeros.
func maskTable() Mem {
	if maskTableMem == nil {
		m := GLOBL("maskTable", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(uint32(0xffffffff*uint64((15-i)/8))))
		}
		maskTableMem = &m
	}
	return *maskTableMem
}

func (m tailMask) load(from Mem, to Register) {
	if m.isa.wide() {
		VMOVUPS_Z(from, m.k, to)
	} else {
		VMASKMOVPS(from, m.v, to)
	}
}

func (m tailMask) store(from Register, to Mem) {
	if m.isa.wide() {
		VMOVUPS(from, m.k, to)
	} else {
		VMASKMOVPS(from, m.v, to)
	}
}

// zero clears a vector register.
func zero(v Register) {
	if v.Size() == 64 {
		VPXORD(v, v, v)
	} else {
		VXORPS(v, v, v)
	}
}

// written has the kernels that were begun.
var written = map[string]bool{}

// product is the name of a kernel that multiplies.
func (s isa) product(name string) string {
	if s.pairs {
		return name + "Pairs"
	}
	return name
}

// begin starts the kernel of the given name in the table.
func (s isa) begin(name string) {
	k := lookUp(name, s.name)
	written[name] = true
	TEXT(name+s.name, NOSPLIT, "func"+k.signature())
	Doc(wrap(name + s.name + " " + k.doc)...)
	Pragma("noescape")
}

// param is the place of an argument in memory.
func param(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// halves converts the float32 lanes of v to float64: the lower ones to lo, the upper ones to hi, which may be v.
func (s isa) halves(v VecPhysical, lo, hi Register) {
	VCVTPS2PD(halfOf(v), lo)
	if s.wide() {
		VEXTRACTF32X8(Imm(1), v, halfOf(hi))
	} else {
		VEXTRACTF128(Imm(1), v, halfOf(hi))
	}
	VCVTPS2PD(halfOf(hi), hi)
}

// halfOf is the lower half of a register.
func halfOf(v Register) Register {
	r := v.(VecPhysical)
	if r.Size() == 64 {
		return r.AsY()
	}
	return r.AsX()
}

// total adds up the float64 lanes of v, in a fixed order, into its lowest. tmp is lost.
func (s isa) total(v, tmp VecPhysical) {
	if s.wide() {
		VEXTRACTF64X4(Imm(1), v, tmp.AsY())
		VADDPD(tmp.AsY(), v.AsY(), v.AsY())
	}
	VEXTRACTF128(Imm(1), v.AsY(), tmp.AsX())
	VADDPD(tmp.AsX(), v.AsX(), v.AsX())
	VPERMILPD(Imm(1), v.AsX(), tmp.AsX())
	VADDPD(tmp.AsX(), v.AsX(), v.AsX())
}

// positive sets g to 0 in the lanes where y is not greater than 0; none is a register of zeros. y is lost.
func (s isa) positive(g, y, none VecPhysical) {
	const greater = 0x1e // ordered, quiet: false for NaN
	if s.wide() {
		VCMPPS(Imm(greater), none, y, K2)
		VMOVAPS_Z(g, K2, g)
	} else {
		VCMPPS(Imm(greater), none, y, y)
		VANDPS(y, g, g)
	}
}
