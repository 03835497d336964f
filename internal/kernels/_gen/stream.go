package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// streams loads the pointers of the named parameters, and n to RDX, for eachVector. at(i) is where stream i is; next goes
// on by a vector.
func (s isa) streams(names ...string) (at func(i int) Mem, next func()) {
	pointers := []GPPhysical{RAX, RBX, RCX, RDI}[:len(names)]
	for i, p := range names {
		Load(Param(p), pointers[i])
	}
	Load(Param("n"), RDX)
	return func(i int) Mem { return Mem{Base: pointers[i]} }, func() {
		for _, p := range pointers {
			ADDQ(Imm(uint64(s.bytes())), p)
		}
	}
}

// broadcast loads the named parameters into all lanes of registers from v(first) on.
func (s isa) broadcast(first int, names ...string) []VecPhysical {
	regs := make([]VecPhysical, len(names))
	for i, name := range names {
		regs[i] = s.v(first + i)
		VBROADCASTSS(param(name), regs[i])
	}
	return regs
}
