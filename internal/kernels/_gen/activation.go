package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// activationKernels writes functions of n elements made of exponentials, for any n.
func activationKernels(s isa) {
	table := constants(s)
	sigmoid(s, table)
	tanh(s, table)
}

var signBit = float32(math.Copysign(0, -1))

// sigmoid writes 1/(1+e) for e = exp(−|x|), and e/(1+e) where x is negative: both hold their precision however small
// they are.
func sigmoid(s isa, table expTable) {
	s.begin("sigmoid")
	at, next := s.streams("y", "x")
	d, n, r, e, x, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5)
	one, sign := s.v(6), s.v(7)
	constant(1, R9, one)
	constant(signBit, R9, sign)
	LEAQ(table.at, RCX)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(1), x)
		VORPS(sign, x, d)
		s.exp(table, d, n, r, e)
		VADDPS(one, e, d)
		if s.wide() {
			VPMOVD2M(x, K2)
			VBLENDMPS(e, one, K2, n)
		} else {
			VBLENDVPS(x, e, one, n)
		}
		VDIVPS(d, n, n)
		store(n, at(0))
	}, next)
}

// Cephes' tanhf: below tanhLimit, tanh(x) = x + x·z·P(z) with z = x²; above, (1−e)/(1+e) with e = exp(−2|x|).
const tanhLimit = 0.625

var tanhPolynomial = []float32{-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1}

func tanh(s isa, table expTable) {
	s.begin("tanh")
	at, next := s.streams("y", "x")
	d, n, r, p, x, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5)
	one, sign, limit := s.v(6), s.v(7), s.v(8)
	constant(1, R9, one)
	constant(signBit, R9, sign)
	constant(tanhLimit, R9, limit)
	factors := make([]VecPhysical, len(tanhPolynomial))
	for i, c := range tanhPolynomial {
		factors[i] = s.v(9 + i)
		constant(c, R9, factors[i])
	}
	LEAQ(table.at, RCX)
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(1), x)
		VORPS(sign, x, d)
		VADDPS(d, d, d)
		s.exp(table, d, n, r, p)
		VSUBPS(p, one, n)
		VADDPS(p, one, r)
		VDIVPS(r, n, n)
		VANDPS(sign, x, d)
		VORPS(d, n, n)

		VMULPS(x, x, d)
		VMOVAPS(factors[0], p)
		for _, c := range factors[1:] {
			VFMADD213PS(c, d, p)
		}
		VMULPS(d, p, p)
		VFMADD213PS(x, x, p)

		const less = 0x11 // false for NaN
		VANDNPS(x, sign, r)
		if s.wide() {
			VCMPPS(Imm(less), limit, r, K2)
			VMOVAPS(p, K2, n)
		} else {
			VCMPPS(Imm(less), limit, r, r)
			VBLENDVPS(r, p, n, n)
		}
		store(n, at(0))
	}, next)
}
