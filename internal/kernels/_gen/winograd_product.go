package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// winogradRows is the height of the blocks of rows of the products, for panels of two vectors and of one.
func winogradRows(s isa, vecs int) int {
	if s.wide() {
		return 16 / vecs
	}
	return 8 / vecs
}

// eachPanel writes body for panels of two vectors and of one; the argument vecs tells which.
func eachPanel(s isa, tmp GPPhysical, body func(t tile)) {
	Load(Param("vecs"), tmp)
	CMPQ(tmp, Imm(1))
	JE(LabelRef("narrow"))
	body(tile{isa: s, rows: winogradRows(s, 2), vecs: 2, name: "wide"})
	Label("narrow")
	body(tile{isa: s, rows: winogradRows(s, 1), vecs: 1, name: "narrow"})
}

// winogradProduct multiplies rows of tiles with a panel, plane by plane.
func winogradProduct(s isa) {
	s.begin(s.product("winogradProduct"))
	ldv, ldv3, u, count, block, plane, depth, m, tmp := RSI, RDI, R12, R13, R14, R15, RDX, RCX, RAX
	bases := []GPPhysical{R8, R9, R10, R11}
	ldm := RBX
	loadBytes("ldv", ldv)
	LEAQ(Mem{Base: ldv, Index: ldv, Scale: 2}, ldv3)
	loadBytes("ldm", ldm)
	Load(Param("depth"), depth)
	Load(Param("planes"), plane)
	eachPanel(s, tmp, func(t tile) {
		groups := (t.rows + 3) / 4
		Label(t.name + "plane")
		Load(Param("v"), bases[0])
		Load(Param("m"), m)
		Load(Param("blocks"), block)
		Label(t.name + "block")
		for i := 1; i < groups; i++ {
			LEAQ(Mem{Base: bases[i-1], Index: ldv, Scale: 4}, bases[i])
		}
		Load(Param("u"), u)
		t.clear()
		step := func(k int) {
			for v := range t.vecs {
				VMOVUPS(Mem{Base: u, Disp: (k*t.vecs + v) * s.bytes()}, t.spare(v))
			}
			t.multiply(func(r int) Mem {
				at := Mem{Base: bases[r/4], Disp: 4 * k}
				switch r % 4 {
				case 1:
					at.Index, at.Scale = ldv, 1
				case 2:
					at.Index, at.Scale = ldv, 2
				case 3:
					at.Index, at.Scale = ldv3, 1
				}
				return at
			})
		}
		advance := func(steps int) {
			for _, b := range bases[:groups] {
				ADDQ(Imm(uint64(4*steps)), b)
			}
			ADDQ(I32(int32(steps*t.vecs*s.bytes())), u)
		}
		MOVQ(depth, count)
		SUBQ(Imm(4), count)
		JL(LabelRef(t.name + "few"))
		Label(t.name + "four")
		for k := range 4 {
			step(k)
		}
		advance(4)
		SUBQ(Imm(4), count)
		JGE(LabelRef(t.name + "four"))
		Label(t.name + "few")
		ADDQ(Imm(4), count)
		JZ(LabelRef(t.name + "store"))
		Label(t.name + "one")
		step(0)
		advance(1)
		DECQ(count)
		JNZ(LabelRef(t.name + "one"))
		Label(t.name + "store")
		for r := range t.rows {
			for v := range t.vecs {
				VMOVUPS(t.sum(r, v), Mem{Base: m, Disp: v * s.bytes()})
			}
			ADDQ(ldm, m)
		}
		// The last base has passed its own four rows of depth values.
		MOVQ(depth, tmp)
		SHLQ(Imm(2), tmp)
		MOVQ(bases[groups-1], bases[0])
		SUBQ(tmp, bases[0])
		LEAQ(Mem{Base: bases[0], Index: ldv, Scale: 4}, bases[0])
		DECQ(block)
		JNZ(LabelRef(t.name + "block"))
		nextPlane(tmp, "v", "planeV")
		nextPlane(tmp, "u", "planeU")
		nextPlane(tmp, "m", "planeM")
		DECQ(plane)
		JNZ(LabelRef(t.name + "plane"))
		VZEROUPPER()
		RET()
	})
}

// nextPlane moves a pointer among the arguments on by a number of values among them.
func nextPlane(tmp GPPhysical, pointer, step string) {
	loadBytes(step, tmp)
	ADDQ(tmp, param(pointer))
}

// winogradOuter adds the products of columns of tiles and rows of a panel, plane by plane.
func winogradOuter(s isa) {
	s.begin(s.product("winogradOuter"))
	v, w, du, ldv, ldw, count, block, plane, tmp, column := RAX, RBX, RCX, RSI, RDI, R8, R9, R10, R11, R12
	loadBytes("ldv", ldv)
	loadBytes("ldw", ldw)
	Load(Param("planes"), plane)
	eachPanel(s, tmp, func(t tile) {
		Label(t.name + "plane")
		Load(Param("v"), column)
		Load(Param("du"), du)
		Load(Param("blocks"), block)
		Label(t.name + "block")
		MOVQ(column, v)
		Load(Param("w"), w)
		Load(Param("tiles"), count)
		t.clear()
		Label(t.name + "tile")
		for i := range t.vecs {
			VMOVUPS(Mem{Base: w, Disp: i * s.bytes()}, t.spare(i))
		}
		t.multiply(func(r int) Mem { return Mem{Base: v, Disp: 4 * r} })
		ADDQ(ldv, v)
		ADDQ(ldw, w)
		DECQ(count)
		JNZ(LabelRef(t.name + "tile"))
		for r := range t.rows {
			for i := range t.vecs {
				at, sum := Mem{Base: du, Disp: (r*t.vecs + i) * s.bytes()}, t.sum(r, i)
				VADDPS(at, sum, sum)
				VMOVUPS(sum, at)
			}
		}
		ADDQ(I32(int32(t.rows*t.vecs*s.bytes())), du)
		ADDQ(Imm(uint64(4*t.rows)), column)
		DECQ(block)
		JNZ(LabelRef(t.name + "block"))
		nextPlane(tmp, "v", "planeV")
		nextPlane(tmp, "w", "planeW")
		nextPlane(tmp, "du", "planeU")
		DECQ(plane)
		JNZ(LabelRef(t.name + "plane"))
		VZEROUPPER()
		RET()
	})
}
