package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// peakChains is the number of independent sums of the peak loop: more than latency times units on any processor.
const peakChains = 12

func peakKernels(s isa) {
	s.begin("peak")
	Load(Param("n"), RAX)
	for i := range peakChains + 1 {
		zero(s.v(i))
	}
	Label("loop")
	for i := range peakChains {
		VFMADD231PS(s.v(peakChains), s.v(peakChains), s.v(i))
	}
	DECQ(RAX)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
