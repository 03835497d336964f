package main

import (
	"fmt"
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// channelKernels writes loops down a block of columns of row-major matrices; what belongs to a column stays in
// registers.
func channelKernels(s isa) {
	channelSums(s)
	scaleShift(s, "scaleShift", nil)
	batchNormGradSums(s, "batchNormGradSums", nil)
	batchNormGradInput(s, "batchNormGradInput", nil)
}

// block is one variant of such a loop: a number of vectors wide, or with mask set, the first lanes of one.
type block struct {
	isa    isa
	vecs   int
	mask   *tailMask
	name   string
	next   int                 // vector register
	packed map[GPPhysical]bool // pointers to bfloat16 in pairs
}

// reg returns a further vector register.
func (b *block) reg() VecPhysical {
	b.next++
	return b.isa.v(b.next - 1)
}

// regs returns as many as the block has vectors, times n.
func (b *block) regs(n int) []VecPhysical {
	v := make([]VecPhysical, b.vecs*n)
	for i := range v {
		v[i] = b.reg()
	}
	return v
}

func (b *block) load(base GPPhysical, i int, to Register) {
	at := Mem{Base: base, Disp: i * b.isa.bytes()}
	if b.packed[base] {
		b.loadPacked(base, i, to)
	} else if b.mask != nil {
		b.mask.load(at, to)
	} else {
		VMOVUPS(at, to)
	}
}

func (b *block) store(from Register, base GPPhysical, i int) {
	at := Mem{Base: base, Disp: i * b.isa.bytes()}
	if b.packed[base] {
		b.storePacked(from, base, i)
	} else if b.mask != nil {
		b.mask.store(from, at)
	} else {
		VMOVUPS(from, at)
	}
}

// loadPacked and storePacked are load and store of bfloat16.
func (b *block) loadPacked(base GPPhysical, i int, to Register) {
	at := Mem{Base: base, Disp: i * b.isa.bytes() / 2}
	if b.mask != nil {
		VPMOVZXWD_Z(at, b.mask.k, to)
	} else {
		VPMOVZXWD(at, to)
	}
	VPSLLD(Imm(16), to, to)
}

func (b *block) storePacked(from Register, base GPPhysical, i int) {
	at, v := Mem{Base: base, Disp: i * b.isa.bytes() / 2}, from.(VecPhysical)
	vcvtneps2bf16.registers(v, nil, v)
	if b.mask != nil {
		VMOVDQU16(halfOf(v), b.mask.k, at)
	} else {
		VMOVDQU(halfOf(v), at)
	}
}

// loadParam loads the block's part of a slice of c values into registers of its own.
func (b *block) loadParam(name string) []VecPhysical {
	v := b.regs(1)
	Load(Param(name), R15)
	for i := range v {
		b.load(R15, i, v[i])
	}
	return v
}

// columns writes the variants of a function. rows and stride, the width of the matrices, are arguments, like cols, the
// width of the block. write has the row's pointers in registers, one for each of names. Those of packed are bfloat16 in pairs.
func (s isa) columns(name string, names, packed []string, write func(b *block, p []GPPhysical)) {
	widths := []int{2, 1}
	if s.wide() {
		widths = []int{4, 2, 1}
	}
	s.begin(name)
	p := []GPPhysical{RAX, RBX, RCX, RDX, RSI}[:len(names)]
	halves := map[GPPhysical]bool{}
	for i, name := range names {
		Load(Param(name), p[i])
		halves[p[i]] = slices.Contains(packed, name)
	}
	Load(Param("cols"), R13)
	Load(Param("rows"), R12)
	Load(Param("stride"), R11)
	SHLQ(Imm(2), R11)
	if packed != nil {
		MOVQ(R11, R10)
		SHRQ(Imm(1), R10)
	}
	for _, vecs := range widths {
		CMPQ(R13, Imm(uint64(vecs*s.lanes)))
		JEQ(LabelRef(fmt.Sprint("block", vecs)))
	}
	part := &block{isa: s, vecs: 1, name: "part", packed: halves}
	mask := s.makeMask(R13, R15, K1, part.reg())
	part.mask = &mask
	write(part, p)
	for _, vecs := range widths {
		b := &block{isa: s, vecs: vecs, name: fmt.Sprint("block", vecs), packed: halves}
		Label(b.name)
		write(b, p)
	}
}

// eachRow writes a loop over the rows.
func (b *block) eachRow(suffix string, p []GPPhysical, body func(i int)) {
	Label(b.name + suffix)
	for i := range b.vecs {
		body(i)
	}
	for _, r := range p {
		if b.packed[r] {
			ADDQ(R10, r)
		} else {
			ADDQ(R11, r)
		}
	}
	DECQ(R12)
	JNZ(LabelRef(b.name + suffix))
}

// storeSums writes float64 sums, low and high halves of vectors in turn, from the address on.
func (b *block) storeSums(sums []VecPhysical, to GPPhysical, disp int) {
	for i, v := range sums {
		VMOVUPD(v, Mem{Base: to, Disp: disp + i*b.isa.bytes()})
	}
}

func channelSums(s isa) {
	s.columns("channelSums", []string{"x"}, nil,
		func(b *block, p []GPPhysical) {
			sum, sq, v, lo, hi := b.regs(2), b.regs(2), b.reg(), b.reg(), b.reg()
			for i := range sum {
				zero(sum[i])
				zero(sq[i])
			}
			b.eachRow("rows", p, func(i int) {
				b.load(p[0], i, v)
				s.halves(v, lo, hi)
				VADDPD(lo, sum[2*i], sum[2*i])
				VADDPD(hi, sum[2*i+1], sum[2*i+1])
				VFMADD231PD(lo, lo, sq[2*i])
				VFMADD231PD(hi, hi, sq[2*i+1])
			})
			b.finish("sum", sum, "sumsq", sq)
		})
}

// finish stores two groups of sums and returns.
func (b *block) finish(first string, sums []VecPhysical, second string, more []VecPhysical) {
	Load(Param(first), R15)
	b.storeSums(sums, R15, 0)
	Load(Param(second), R15)
	b.storeSums(more, R15, 0)
	VZEROUPPER()
	RET()
}

func scaleShift(s isa, name string, packed []string) {
	s.columns(name, []string{"y", "x", "shortcut"}, packed,
		func(b *block, p []GPPhysical) {
			scale, shift, floor, v := b.loadParam("scale"), b.loadParam("shift"), b.reg(), b.reg()
			VBROADCASTSS(param("floor"), floor)
			row := func(add bool) func(i int) {
				return func(i int) {
					b.load(p[1], i, v)
					VFMADD213PS(shift[i], scale[i], v)
					if add {
						b.addFrom(p[2], i, v)
					}
					VMAXPS(v, floor, v) // NaN stays
					b.store(v, p[0], i)
				}
			}
			TESTQ(p[2], p[2])
			JZ(LabelRef(b.name + "plain"))
			b.eachRow("add", p, row(true))
			VZEROUPPER()
			RET()
			Label(b.name + "plain")
			b.eachRow("rows", p[:2], row(false))
			VZEROUPPER()
			RET()
		})
}

// addFrom adds the values at base to v.
func (b *block) addFrom(base GPPhysical, i int, v VecPhysical) {
	if b.mask == nil && !b.packed[base] {
		VADDPS(Mem{Base: base, Disp: i * b.isa.bytes()}, v, v)
		return
	}
	tmp := b.isa.v(b.isa.regs - 1)
	b.load(base, i, tmp)
	VADDPS(tmp, v, v)
}

func batchNormGradSums(s isa, name string, packed []string) {
	s.columns(name, []string{"dy", "x", "y"}, packed,
		func(b *block, p []GPPhysical) {
			sum, sumX, mean := b.regs(2), b.regs(2), b.loadParam("mean")
			g, x, lo, hi := b.reg(), b.reg(), b.reg(), b.reg()
			for i := range sum {
				zero(sum[i])
				zero(sumX[i])
			}
			const plain, byResult, byInput = 0, 1, 2
			row := func(mask int) func(i int) {
				return func(i int) {
					b.load(p[0], i, g)
					if mask == byResult {
						b.load(p[2], i, x)
						zero(lo)
						s.positive(g, x, lo)
						b.store(g, p[0], i)
					}
					b.load(p[1], i, x)
					if mask == byInput {
						b.maskByInput(g, x, lo, hi, i)
					}
					VSUBPS(mean[i], x, x)
					s.halvesTwice(g, x, lo, hi, sum[2*i:], sumX[2*i:])
				}
			}
			TESTQ(p[2], p[2])
			JZ(LabelRef(b.name + "input"))
			b.eachRow("masked", p, row(byResult))
			b.finish("sumG", sum, "sumGX", sumX)
			Label(b.name + "input")
			b.branchUnlessMasked("plain")
			b.eachRow("inputs", p[:2], row(byInput))
			b.finish("sumG", sum, "sumGX", sumX)
			Label(b.name + "plain")
			b.eachRow("rows", p[:2], row(plain))
			b.finish("sumG", sum, "sumGX", sumX)
		})
}

// branchUnlessMasked jumps to the label when the argument scale is nil; else maskByInput can be used.
func (b *block) branchUnlessMasked(label string) {
	Load(Param("scale"), R8)
	Load(Param("shift"), R9)
	TESTQ(R8, R8)
	JZ(LabelRef(b.name + label))
}

// maskByInput sets g to 0 where x·scale + shift is not positive. tmp and none are lost.
func (b *block) maskByInput(g, x, tmp, none VecPhysical, i int) {
	b.load(R8, i, tmp)
	b.load(R9, i, none)
	VFMADD213PS(none, x, tmp)
	zero(none)
	b.isa.positive(g, tmp, none)
}

// halvesTwice adds g to sum and g·x to sumX in float64, low and high half. g and x are lost.
func (s isa) halvesTwice(g, x, lo, hi VecPhysical, sum, sumX []VecPhysical) {
	s.halves(g, lo, hi)
	VADDPD(lo, sum[0], sum[0])
	VADDPD(hi, sum[1], sum[1])
	s.halves(x, g, x)
	VFMADD231PD(g, lo, sumX[0])
	VFMADD231PD(x, hi, sumX[1])
}

func batchNormGradInput(s isa, name string, packed []string) {
	s.columns(name, []string{"dx", "dy", "x"}, packed,
		func(b *block, p []GPPhysical) {
			mean, k1, k2, k3 := b.loadParam("mean"), b.loadParam("k1"), b.loadParam("k2"), b.loadParam("k3")
			g, x, tmp, none := b.reg(), b.reg(), b.reg(), b.reg()
			row := func(masked bool) func(i int) {
				return func(i int) {
					b.load(p[1], i, g)
					b.load(p[2], i, x)
					if masked {
						b.maskByInput(g, x, tmp, none, i)
					}
					VSUBPS(mean[i], x, x)
					VFMADD213PS(k3[i], k1[i], g)
					VFMADD231PS(x, k2[i], g)
					b.store(g, p[0], i)
				}
			}
			b.branchUnlessMasked("plain")
			b.eachRow("masked", p, row(true))
			VZEROUPPER()
			RET()
			Label(b.name + "plain")
			b.eachRow("rows", p, row(false))
			VZEROUPPER()
			RET()
		})
}
