package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Neither avo nor Go's assembler knows the instructions of AVX512_BF16. They are written as the bytes of their encoding, with
// their text behind them.

// evex is an instruction of the opcode map 0F38 on whole registers of 512 bits.
type evex struct {
	name   string
	prefix int // 2: F3, 3: F2
	opcode int
}

var (
	// vdpbf16ps adds to each float32 of the destination the two products of a pair of bfloat16.
	vdpbf16ps = evex{"VDPBF16PS", 2, 0x52}
	// vcvtneps2bf16 rounds 16 float32 to the lower half of the destination.
	vcvtneps2bf16 = evex{"VCVTNEPS2BF16", 2, 0x72}
	// vcvtne2ps2bf16 rounds those of its first source, as Go orders them, to the lower half, of the second to the upper.
	vcvtne2ps2bf16 = evex{"VCVTNE2PS2BF16", 3, 0x72}
)

// number is a register's in encodings.
func number(r Register) int { return int(r.(Physical).PhysicalIndex()) }

// registers writes the instruction on registers, in Go's order; v nil is none.
func (e evex) registers(rm, v, dst VecPhysical) {
	m, d, text := number(rm), number(dst), rm.Asm()+", "
	vreg := 0
	if v != nil {
		vreg, text = number(v), text+v.Asm()+", "
	}
	head := e.head(d, m>>4, m>>3, vreg, false)
	Instruction(&ir.Instruction{Opcode: fmt.Sprintf("LONG $0x%08x; WORD $0x%04x // %s %s%s", head, e.opcode|(0xc0|d&7<<3|m&7)<<8, e.name, text, dst.Asm())})
}

// broadcast writes the instruction on four bytes of memory in all lanes.
func (e evex) broadcast(m Mem, v, dst VecPhysical) {
	if m.Disp%4 != 0 || m.Disp < -512 || m.Disp > 508 {
		panic(fmt.Sprintf("gen: no short encoding of %s", m.Asm()))
	}
	base, index, scale := number(m.Base), 4, 0 // 4 is no index
	if m.Index != nil {
		index = number(m.Index)
		scale = map[uint8]int{1: 0, 2: 1, 4: 2, 8: 3}[m.Scale]
	}
	d := number(dst)
	head := e.head(d, index>>3, base>>3, number(v), true)
	tail := e.opcode | (0x44|d&7<<3)<<8 | (scale<<6|index&7<<3|base&7)<<16 | (m.Disp/4&0xff)<<24
	Instruction(&ir.Instruction{Opcode: fmt.Sprintf("QUAD $0x%08x%08x // %s.BCST %s, %s, %s", tail, head, e.name, m.Asm(), v.Asm(), dst.Asm())})
}

// head is the prefix, its first byte lowest, of bits that extend the registers.
func (e evex) head(d, x, b, v int, broadcast bool) uint32 {
	p0 := 2 | ^d>>3&1<<7 | ^x&1<<6 | ^b&1<<5 | ^d>>4&1<<4
	p1 := 4 | ^v&15<<3 | e.prefix
	p2 := 2<<5 | ^v>>4&1<<3
	if broadcast {
		p2 |= 1 << 4
	}
	return uint32(0x62 | p0<<8 | p1<<16 | p2<<24)
}

// avx512bf16 has the kernels of avx512 on pairs of bfloat16 in place of float32.
var avx512bf16 = isa{nameAVX512BF16, 16, 32, true}

// pairKernels writes them, and what makes pairs.
func pairKernels(s isa) {
	tileKernels(s)
	winogradProduct(s)
	winogradOuter(s)
	winogradInput(s)
	winogradGradient(s)
	scaleShift(s, "scaleShiftPacked", []string{"x"})
	scaleShift(s, "scaleShiftAddPacked", []string{"y", "x", "shortcut"})
	batchNormGradSums(s, "batchNormGradSumsPacked", []string{"x", "y"})
	batchNormGradInput(s, "batchNormGradInputPacked", []string{"x"})
	toBFloat16(s)
	fromBFloat16(s)
	pairRows(s)
	zipRows(s)
}

// strided writes a loop over n elements whose pointers go on by steps bytes a vector of 16.
func (s isa) strided(pointers []GPPhysical, steps []int, body func(i int, at func(p int) Mem)) {
	Load(Param("n"), RDX)
	for _, vecs := range []int{unroll, 1} {
		label := fmt.Sprint("by", vecs)
		Label(label)
		SUBQ(Imm(uint64(vecs*s.lanes)), RDX)
		JL(LabelRef(label + "end"))
		for i := range vecs {
			body(i, func(p int) Mem { return Mem{Base: pointers[p], Disp: i * steps[p]} })
		}
		for p, step := range steps {
			ADDQ(I32(int32(vecs*step)), pointers[p])
		}
		JMP(LabelRef(label))
		Label(label + "end")
		ADDQ(Imm(uint64(vecs*s.lanes)), RDX)
	}
	VZEROUPPER()
	RET()
}

func toBFloat16(s isa) {
	s.begin("toBFloat16")
	Load(Param("y"), RAX)
	Load(Param("x"), RBX)
	s.strided([]GPPhysical{RAX, RBX}, []int{32, 64}, func(i int, at func(int) Mem) {
		VMOVUPS(at(1), s.v(i))
		vcvtneps2bf16.registers(s.v(i), nil, s.v(i))
		VMOVDQU(halfOf(s.v(i)), at(0))
	})
}

func fromBFloat16(s isa) {
	s.begin("fromBFloat16")
	Load(Param("y"), RAX)
	Load(Param("x"), RBX)
	s.strided([]GPPhysical{RAX, RBX}, []int{64, 32}, func(i int, at func(int) Mem) {
		VPMOVZXWD(at(1), s.v(i))
		VPSLLD(Imm(16), s.v(i), s.v(i))
		VMOVUPS(s.v(i), at(0))
	})
}

// alternate is the order that makes pairs of the halves of a register.
func alternate() Mem {
	m := GLOBL("alternate", RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, U32(uint32(i|(16+i)<<16)))
	}
	return m
}

func pairRows(s isa) {
	s.begin("pairRows")
	order := s.v(31)
	VMOVDQU32(alternate(), order)
	Load(Param("y"), RAX)
	Load(Param("a"), RBX)
	Load(Param("b"), RCX)
	s.strided([]GPPhysical{RAX, RBX, RCX}, []int{64, 64, 64}, func(i int, at func(int) Mem) {
		low, high := s.v(2*i), s.v(2*i+1)
		VMOVUPS(at(1), low)
		VMOVUPS(at(2), high)
		vcvtne2ps2bf16.registers(low, high, low)
		VPERMW(low, order, low)
		VMOVDQU32(low, at(0))
	})
}

func zipRows(s isa) {
	s.begin("zipRows")
	y, rowA, rowB, n, rows, step, a, b, left := RAX, RBX, RCX, RSI, RDI, R8, R9, R10, RDX
	for i, name := range []string{"y", "a", "b", "n", "rows"} {
		Load(Param(name), []GPPhysical{y, rowA, rowB, n, rows}[i])
	}
	loadBytes("step", step)
	Label("row")
	MOVQ(rowA, a)
	MOVQ(rowB, b)
	MOVQ(n, left)
	Label("vector")
	low, high := s.v(0), s.v(1)
	VPMOVZXWD(Mem{Base: a}, low)
	VPMOVZXWD(Mem{Base: b}, high)
	VPSLLD(Imm(16), high, high)
	VPORD(low, high, low)
	VMOVDQU32(low, Mem{Base: y})
	ADDQ(Imm(64), y)
	ADDQ(Imm(32), a)
	ADDQ(Imm(32), b)
	SUBQ(Imm(16), left)
	JNZ(LabelRef("vector"))
	ADDQ(step, rowA)
	ADDQ(step, rowB)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// storeRounded writes v, or with pairs half as much.
func (s isa) storeRounded(v VecPhysical, to Mem) {
	if !s.pairs {
		VMOVUPS(v, to)
		return
	}
	vcvtneps2bf16.registers(v, nil, v)
	VMOVDQU(halfOf(v), to)
}
