package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// elementKernels writes loops over n elements, n a multiple of the lanes.
func elementKernels(s isa) {
	alpha, none := s.v(15), s.v(14)
	s.loop("addScaled", func() {
		VBROADCASTSS(param("alpha"), alpha)
	}, func(i int, dst, x, _ Mem) {
		v := s.v(i)
		VMOVUPS(dst, v)
		VFMADD231PS(x, alpha, v)
		VMOVUPS(v, dst)
	}, "dst", "x")
	s.loop("scale", func() {
		VBROADCASTSS(param("alpha"), alpha)
	}, func(i int, x, _, _ Mem) {
		VMULPS(x, alpha, s.v(i))
		VMOVUPS(s.v(i), x)
	}, "x")
	s.loop("subTwo", func() {
		VBROADCASTSS(param("hi"), alpha)
		VBROADCASTSS(param("lo"), none)
	}, func(i int, y, x, _ Mem) {
		v := s.v(i)
		VMOVUPS(x, v)
		VSUBPS(alpha, v, v)
		VSUBPS(none, v, v)
		VMOVUPS(v, y)
	}, "y", "x")
	s.loop("relu", func() {
		zero(none)
	}, func(i int, y, x, _ Mem) {
		VMAXPS(x, none, s.v(i)) // of a NaN and a number, the first operand
		VMOVUPS(s.v(i), y)
	}, "y", "x")
	s.loop("reluGrad", func() {
		zero(none)
	}, func(i int, dx, dy, y Mem) {
		g, mask := s.v(i), s.v(4+i)
		VMOVUPS(dy, g)
		VMOVUPS(y, mask)
		s.positive(g, mask, none)
		VADDPS(dx, g, g)
		VMOVUPS(g, dx)
	}, "dx", "dy", "y")
}

// unroll is the number of vectors in an iteration while there are as many.
const unroll = 4

// loop writes a function of up to three slices. body works on vector i of an iteration.
func (s isa) loop(name string, setup func(), body func(i int, a, b, c Mem), slices ...string) {
	s.begin(name)
	pointers := []GPPhysical{RAX, RBX, RCX}
	for i, p := range slices {
		Load(Param(p), pointers[i])
	}
	Load(Param("n"), RDX)
	setup()
	part := func(label string, vecs int) {
		Label(label)
		SUBQ(Imm(uint64(vecs*s.lanes)), RDX)
		JL(LabelRef(label + "end"))
		for i := range vecs {
			var at [3]Mem
			for j := range at {
				at[j] = Mem{Base: pointers[j], Disp: i * s.bytes()}
			}
			body(i, at[0], at[1], at[2])
		}
		for i := range slices {
			ADDQ(I32(int32(vecs*s.bytes())), pointers[i])
		}
		JMP(LabelRef(label))
		Label(label + "end")
		ADDQ(Imm(uint64(vecs*s.lanes)), RDX)
	}
	part("many", unroll)
	part("one", 1)
	VZEROUPPER()
	RET()
}
