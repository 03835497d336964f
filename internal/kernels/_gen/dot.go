package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dotRowCount is the number of rows of a matrix that a kernel takes at a time.
const dotRowCount = 4

// dotKernels writes the loops of products with a vector, for any n from 1.
func dotKernels(s isa) {
	dot(s)
	dotRows(s)
	addRows(s)
}

// dot writes the product of two vectors. One multiply-add takes two loads, as many as a processor does in a cycle: four
// sums keep it busy.
func dot(s isa) {
	const sums = 4
	s.begin("dot")
	Load(Param("x"), RAX)
	Load(Param("y"), RBX)
	Load(Param("n"), RDX)
	tmp, mask := s.v(14), s.v(15)
	for i := range sums {
		zero(s.v(i))
	}
	s.vectors(sums, []GPPhysical{RAX, RBX}, func(vecs int) {
		for i := range vecs {
			v := s.v(sums + i)
			VMOVUPS(Mem{Base: RAX, Disp: i * s.bytes()}, v)
			VFMADD231PS(Mem{Base: RBX, Disp: i * s.bytes()}, v, s.v(i))
		}
	})
	JZ(LabelRef("end"))
	rest := s.makeMask(RDX, RCX, K1, mask)
	rest.load(Mem{Base: RAX}, s.v(sums))
	rest.load(Mem{Base: RBX}, s.v(sums+1))
	VFMADD231PS(s.v(sums+1), s.v(sums), s.v(1))
	Label("end")
	VADDPS(s.v(1), s.v(0), s.v(0))
	VADDPS(s.v(3), s.v(2), s.v(2))
	VADDPS(s.v(2), s.v(0), s.v(0))
	sum := s.v(0).AsX()
	s.sumQuarters(s.v(0), tmp)
	VHADDPS(sum, sum, sum)
	VHADDPS(sum, sum, sum)
	Store(sum, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// vectors writes the loops over the whole vectors of RDX elements: most vectors at a time while there are as many, then
// one. It moves the pointers, leaves in RDX how many elements remain, and sets the zero flag when none do.
func (s isa) vectors(most int, pointers []GPPhysical, body func(vecs int)) {
	for _, vecs := range []int{most, 1} {
		label := fmt.Sprintf("by%d", vecs)
		Label(label)
		SUBQ(Imm(uint64(vecs*s.lanes)), RDX)
		JL(LabelRef(label + "end"))
		body(vecs)
		for _, p := range pointers {
			ADDQ(I32(int32(vecs*s.bytes())), p)
		}
		JMP(LabelRef(label))
		Label(label + "end")
		ADDQ(Imm(uint64(vecs*s.lanes)), RDX)
	}
}

// sumQuarters adds up the lanes of v, in a fixed order, into its lowest four. tmp is lost.
func (s isa) sumQuarters(v, tmp VecPhysical) {
	if s.wide() {
		VEXTRACTF32X8(Imm(1), v, tmp.AsY())
		VADDPS(tmp.AsY(), v.AsY(), v.AsY())
	}
	VEXTRACTF128(Imm(1), v.AsY(), tmp.AsX())
	VADDPS(tmp.AsX(), v.AsX(), v.AsX())
}

// loadRows sets up pointers to rows of a matrix, from the parameters a and lda.
func loadRows() []GPPhysical {
	rows := []GPPhysical{R8, R9, R10, R11}[:dotRowCount]
	Load(Param("a"), rows[0])
	Load(Param("lda"), RCX)
	SHLQ(Imm(2), RCX)
	for r := 1; r < len(rows); r++ {
		LEAQ(Mem{Base: rows[r-1], Index: RCX, Scale: 1}, rows[r])
	}
	return rows
}

// dotRows writes the products of several rows with one vector, in two sums of vectors for each row.
func dotRows(s isa) {
	const vecs = 2
	s.begin("dotRows")
	rows := loadRows()
	Load(Param("sums"), RBX)
	Load(Param("x"), RAX)
	Load(Param("n"), RDX)
	sum := func(r, i int) VecPhysical { return s.v(r*vecs + i) }
	x := []VecPhysical{s.v(dotRowCount * vecs), s.v(dotRowCount*vecs + 1)}
	tmp, mask := s.v(14), s.v(15)
	for r := range rows {
		for i := range vecs {
			zero(sum(r, i))
		}
	}
	s.vectors(vecs, append([]GPPhysical{RAX}, rows...), func(vecs int) {
		for i := range vecs {
			VMOVUPS(Mem{Base: RAX, Disp: i * s.bytes()}, x[i])
			for r, row := range rows {
				VFMADD231PS(Mem{Base: row, Disp: i * s.bytes()}, x[i], sum(r, i))
			}
		}
	})
	JZ(LabelRef("end"))
	rest := s.makeMask(RDX, RCX, K1, mask)
	rest.load(Mem{Base: RAX}, x[0])
	for r, row := range rows {
		rest.load(Mem{Base: row}, x[1])
		VFMADD231PS(x[1], x[0], sum(r, 1))
	}
	Label("end")
	for r := range rows {
		VADDPS(sum(r, 1), sum(r, 0), sum(r, 0))
		s.sumQuarters(sum(r, 0), tmp)
	}
	// Neighbours twice over: first of two rows, then of all four.
	for _, r := range []int{0, 2} {
		VHADDPS(sum(r+1, 0).AsX(), sum(r, 0).AsX(), sum(r, 0).AsX())
	}
	VHADDPS(sum(2, 0).AsX(), sum(0, 0).AsX(), sum(0, 0).AsX())
	VMOVUPS(sum(0, 0).AsX(), Mem{Base: RBX})
	VZEROUPPER()
	RET()
}

// addRows writes the sum of several rows, each times a number.
func addRows(s isa) {
	s.begin("addRows")
	rows := loadRows()
	Load(Param("x"), RBX)
	Load(Param("dst"), RAX)
	Load(Param("n"), RDX)
	mask, tmp := s.v(15), s.v(14)
	factor := func(r int) VecPhysical { return s.v(4 + r) }
	for r := range rows {
		VBROADCASTSS(Mem{Base: RBX, Disp: 4 * r}, factor(r))
	}
	s.vectors(unroll, append([]GPPhysical{RAX}, rows...), func(vecs int) {
		for i := range vecs {
			VMOVUPS(Mem{Base: RAX, Disp: i * s.bytes()}, s.v(i))
		}
		for r, row := range rows {
			for i := range vecs {
				VFMADD231PS(Mem{Base: row, Disp: i * s.bytes()}, factor(r), s.v(i))
			}
		}
		for i := range vecs {
			VMOVUPS(s.v(i), Mem{Base: RAX, Disp: i * s.bytes()})
		}
	})
	JZ(LabelRef("end"))
	rest := s.makeMask(RDX, RCX, K1, mask)
	rest.load(Mem{Base: RAX}, s.v(0))
	for r, row := range rows {
		rest.load(Mem{Base: row}, tmp)
		VFMADD231PS(tmp, factor(r), s.v(0))
	}
	rest.store(s.v(0), Mem{Base: RAX})
	Label("end")
	VZEROUPPER()
	RET()
}
