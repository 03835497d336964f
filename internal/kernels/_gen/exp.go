package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// expKernels writes the loops over a row of n elements that softmax is made of.
func expKernels(s isa) {
	maximum(s)
	expSum(s)
}

// constant broadcasts a value to v; tmp is lost.
func constant(value float32, tmp GPPhysical, v VecPhysical) {
	MOVL(U32(math.Float32bits(value)), tmp.As32())
	VMOVD(tmp.As32(), v.AsX())
	VBROADCASTSS(v.AsX(), v)
}

// maximum writes the largest element of a row.
func maximum(s isa) {
	s.begin("maximum")
	Load(Param("x"), RAX)
	Load(Param("n"), RDX)
	top, nan, v, low, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4)
	constant(float32(math.Inf(-1)), RBX, low)
	VMOVUPS(low, top)
	if s.wide() {
		KXORW(K3, K3, K3)
	} else {
		zero(nan)
	}
	const unordered = 3
	step := func() { // the maximum instruction forgets a NaN
		VMAXPS(v, top, top)
		if s.wide() {
			VCMPPS(Imm(unordered), v, v, K2)
			KORW(K2, K3, K3)
		} else {
			VCMPPS(Imm(unordered), v, v, v)
			VORPS(v, nan, nan)
		}
	}
	Label("loop")
	SUBQ(Imm(uint64(s.lanes)), RDX)
	JL(LabelRef("rest"))
	VMOVUPS(Mem{Base: RAX}, v)
	step()
	ADDQ(Imm(uint64(s.bytes())), RAX)
	JMP(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(uint64(s.lanes)), RDX)
	JZ(LabelRef("end"))
	part := s.makeMask(RDX, RBX, K1, mask)
	if s.wide() {
		VMOVUPS(Mem{Base: RAX}, K1, low)
		VMOVUPS(low, v)
	} else {
		part.load(Mem{Base: RAX}, v)
		VBLENDVPS(mask, v, low, v)
	}
	step()
	Label("end")
	if s.wide() {
		KORTESTW(K3, K3)
	} else {
		VMOVMSKPS(nan, RBX.As32())
		TESTL(RBX.As32(), RBX.As32())
	}
	JNZ(LabelRef("nan"))
	if s.wide() {
		VEXTRACTF32X8(Imm(1), top, v.AsY())
		VMAXPS(v.AsY(), top.AsY(), top.AsY())
	}
	VEXTRACTF128(Imm(1), top.AsY(), v.AsX())
	VMAXPS(v.AsX(), top.AsX(), top.AsX())
	for _, swap := range []uint64{0x4e, 0xb1} { // halves, neighbours
		VPERMILPS(Imm(swap), top.AsX(), v.AsX())
		VMAXPS(v.AsX(), top.AsX(), top.AsX())
	}
	Store(top.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
	Label("nan")
	constant(float32(math.NaN()), RBX, top)
	Store(top.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// The exponential: exp(d) = 2ⁿ·exp(r), n the integer nearest to d/ln 2. The polynomial is that of Cephes' expf, for
// |r| ≤ ln 2/2. Below expLow the result is 0.
const (
	expLow  = -110
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4
)

var expPolynomial = []float32{
	1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 1,
}

// expSum writes the exponentials of a row less a number.
func expSum(s isa) {
	s.begin("expSum")
	next := 0
	reg := func() VecPhysical {
		next++
		return s.v(next - 1)
	}
	sum, sum1, d, e, n, r, p, x := reg(), reg(), reg(), reg(), reg(), reg(), reg(), reg()
	top, mask := reg(), reg()
	table := constants(s)
	zero(sum)
	zero(sum1)
	VBROADCASTSS(param("top"), top)
	Load(Param("y"), RAX)
	Load(Param("x"), RBX)
	Load(Param("n"), RDX)
	LEAQ(table.at, RCX)

	body := func(part *tailMask) {
		if part != nil {
			part.load(Mem{Base: RBX}, x)
		} else {
			VMOVUPS(Mem{Base: RBX}, x)
		}
		// d + e = x − top exactly, unless d is below the limit, where e does not matter.
		VSUBPS(top, x, d)
		VSUBPS(d, x, n)
		VADDPS(n, d, p)
		VSUBPS(p, x, p)
		VSUBPS(top, n, e)
		VADDPS(p, e, e)
		const greater = 0x1e
		VMOVUPS(table.mem("low"), p)
		if s.wide() {
			VCMPPS(Imm(greater), p, d, K2)
			VMOVAPS_Z(e, K2, e)
		} else {
			VCMPPS(Imm(greater), p, d, r)
			VANDPS(r, e, e)
		}
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
		VADDPS(e, r, r)
		VMOVUPS(table.mem("p0"), p)
		for i := 1; i < len(expPolynomial); i++ {
			VFMADD213PS(table.mem("p"+string(rune('0'+i))), r, p)
		}
		if s.wide() {
			VSCALEFPS(n, p, p)
		} else { // 2ⁿ itself may have no normal value: two factors
			VCVTPS2DQ(n, n)
			VPSRAD(Imm(1), n, d)
			VPSUBD(d, n, n)
			for _, half := range []VecPhysical{d, n} {
				VPADDD(table.mem("bias"), half, half)
				VPSLLD(Imm(23), half, half)
				VMULPS(half, p, p)
			}
		}
		if part != nil {
			if s.wide() {
				VMOVAPS_Z(p, K1, p)
			} else {
				VANDPS(mask, p, p)
			}
		}
	}
	add := func() {
		s.halves(p, d, e)
		VADDPD(d, sum, sum)
		VADDPD(e, sum1, sum1)
	}
	Label("loop")
	SUBQ(Imm(uint64(s.lanes)), RDX)
	JL(LabelRef("rest"))
	body(nil)
	TESTQ(RAX, RAX)
	JZ(LabelRef("keep"))
	VMOVUPS(p, Mem{Base: RAX})
	ADDQ(Imm(uint64(s.bytes())), RAX)
	Label("keep")
	add()
	ADDQ(Imm(uint64(s.bytes())), RBX)
	JMP(LabelRef("loop"))
	Label("rest")
	ADDQ(Imm(uint64(s.lanes)), RDX)
	JZ(LabelRef("end"))
	part := s.makeMask(RDX, R8, K1, mask)
	body(&part)
	TESTQ(RAX, RAX)
	JZ(LabelRef("keeprest"))
	part.store(p, Mem{Base: RAX})
	Label("keeprest")
	add()
	Label("end")
	VADDPD(sum1, sum, sum)
	s.total(sum, sum1)
	Store(sum.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// expTable holds a vector of each constant in memory.
type expTable struct {
	at    Mem
	bytes int
	index map[string]int
}

func (t expTable) mem(name string) Mem {
	i, ok := t.index[name]
	if !ok {
		panic("gen: no constant " + name)
	}
	return Mem{Base: RCX, Disp: i * t.bytes}
}

// expConstants is what constants returns from its second call on.
var expConstants *expTable

// constants returns the table of an instruction set. A file has one.
func constants(s isa) expTable {
	if expConstants != nil {
		return *expConstants
	}
	t := expTable{bytes: s.bytes(), index: map[string]int{}}
	t.at = GLOBL("exp"+s.name, RODATA|NOPTR)
	put := func(name string, bits uint32) {
		i := len(t.index)
		t.index[name] = i
		for lane := range s.lanes {
			DATA(i*t.bytes+4*lane, U32(bits))
		}
	}
	putFloat := func(name string, v float32) { put(name, math.Float32bits(v)) }
	putFloat("low", expLow)
	putFloat("1/ln2", float32(math.Log2E))
	putFloat("ln2 high", ln2High)
	putFloat("ln2 low", ln2Low)
	for i, c := range expPolynomial {
		putFloat("p"+string(rune('0'+i)), c)
	}
	put("bias", 127)
	expConstants = &t
	return t
}
