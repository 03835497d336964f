package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// optimKernels writes the updates of parameters by their gradients, for any n.
func optimKernels(s isa) {
	sgdPlain(s)
	sgdMomentum(s, false)
	sgdMomentum(s, true)
	adam(s)
}

func sgdPlain(s isa) {
	s.begin("sgdPlain")
	at, next := s.streams("value", "grad")
	value, d, mask := s.v(0), s.v(1), s.v(2)
	c := s.broadcast(3, "rate", "decay")
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(0), value)
		load(at(1), d)
		VFMADD231PS(c[1], value, d)
		VFNMADD231PS(c[0], d, value)
		store(value, at(0))
	}, next)
}

func sgdMomentum(s isa, nesterov bool) {
	name := "sgdMomentum"
	if nesterov {
		name = "sgdNesterov"
	}
	s.begin(name)
	at, next := s.streams("value", "buf", "grad")
	value, buf, d, mask := s.v(0), s.v(1), s.v(2), s.v(3)
	c := s.broadcast(4, "rate", "mu", "decay")
	rate, mu, decay := c[0], c[1], c[2]
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(0), value)
		load(at(1), buf)
		load(at(2), d)
		VFMADD231PS(decay, value, d)
		VFMADD213PS(d, mu, buf)
		store(buf, at(1))
		if nesterov {
			VFMADD231PS(mu, buf, d)
			VFNMADD231PS(rate, d, value)
		} else {
			VFNMADD231PS(rate, buf, value)
		}
		store(value, at(0))
	}, next)
}

func adam(s isa) {
	s.begin("adam")
	at, next := s.streams("value", "mean", "square", "grad")
	value, mean, square, d, t, mask := s.v(0), s.v(1), s.v(2), s.v(3), s.v(4), s.v(5)
	c := s.broadcast(6, "rate", "keep", "decay", "mix1", "beta2", "mix2", "unbias", "epsilon")
	rate, keep, decay, mix1, beta2, mix2, unbias, epsilon := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	s.eachVector(mask, func(load, store func(Op, Op)) {
		load(at(0), value)
		load(at(1), mean)
		load(at(2), square)
		load(at(3), d)
		VMULPS(keep, value, value)
		VFMADD231PS(decay, value, d)
		VSUBPS(mean, d, t)
		VFMADD231PS(mix1, t, mean)
		store(mean, at(1))
		VMULPS(d, d, t)
		VMULPS(mix2, t, t)
		VFMADD213PS(t, beta2, square)
		store(square, at(2))
		VSQRTPS(square, t)
		VDIVPS(unbias, t, t)
		VADDPS(epsilon, t, t)
		VMULPS(rate, mean, d)
		VDIVPS(t, d, d)
		VSUBPS(d, value, value)
		store(value, at(0))
	}, next)
}
