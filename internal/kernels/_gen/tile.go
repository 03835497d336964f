package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile is one variant of a tile kernel: rows × vectors registers of sums.
type tile struct {
	isa        isa
	rows, vecs int
	name       string // of its labels
}

func (t tile) sum(r, v int) VecPhysical { return t.isa.v(r*t.vecs + v) }

// spare is the i-th vector register that holds no sum.
func (t tile) spare(i int) VecPhysical { return t.isa.v(t.rows*t.vecs + i) }

// rowSteps are the heights of tiles: a product of any height is cut into them from the left.
func rowSteps(s isa) []int {
	if s.wide() {
		return []int{12, 8, 4, 2, 1}
	}
	return []int{6, 4, 2, 1}
}

func tileKernels(s isa) {
	rowTile(s)
	colTile(s)
}

// dispatch jumps to the variant for the given rows and columns. more is a further height for narrow tiles, or 0.
func dispatch(s isa, rows, cols Register, more int) []tile {
	var tiles []tile
	for vecs := 2; vecs >= 1; vecs-- {
		if vecs == 2 {
			CMPQ(cols, Imm(uint64(s.lanes)))
			JLE(LabelRef("narrow"))
		} else {
			Label("narrow")
		}
		steps := rowSteps(s)
		if vecs == 1 && more != 0 {
			steps = append([]int{more}, steps...)
		}
		for i, r := range steps {
			t := tile{isa: s, rows: r, vecs: vecs, name: fmt.Sprintf("tile%dx%d", r, vecs)}
			tiles = append(tiles, t)
			if i == len(steps)-1 {
				JMP(LabelRef(t.name))
				continue
			}
			CMPQ(rows, Imm(uint64(r)))
			JEQ(LabelRef(t.name))
		}
	}
	return tiles
}

func (t tile) clear() {
	for i := range t.rows * t.vecs {
		zero(t.isa.v(i))
	}
}

// multiply adds to the sums the products of a column, one value a row, and the row of b in the first spare registers.
func (t tile) multiply(a func(r int) Mem) {
	for r := range t.rows {
		if t.vecs == 1 && t.isa.pairs {
			vdpbf16ps.broadcast(a(r), t.spare(0), t.sum(r, 0))
			continue
		}
		if t.vecs == 1 && t.isa.wide() {
			VFMADD231PS_BCST(a(r), t.spare(0), t.sum(r, 0))
			continue
		}
		x := t.spare(t.vecs)
		VBROADCASTSS(a(r), x)
		for v := range t.vecs {
			if t.isa.pairs {
				vdpbf16ps.registers(t.spare(v), x, t.sum(r, v))
				continue
			}
			VFMADD231PS(t.spare(v), x, t.sum(r, v))
		}
	}
}

// prefetch fetches the tile of C, which the sums take long enough to hide.
func (t tile) prefetch(row func(r int) GPPhysical) {
	for r := range t.rows {
		c := row(r)
		for at := 0; at < t.vecs*t.isa.bytes(); at += 64 {
			PREFETCHT0(Mem{Base: c, Disp: at})
		}
	}
}

// store writes alpha times the sums to the rows of C at the addresses that row gives, or adds them when the argument
// add is set. Whole registers are written without a mask: masked stores are slow on some processors.
func (t tile) store(cols, tmp GPPhysical, row func(r int) GPPhysical) {
	alpha, old := t.spare(0), t.spare(1)
	VBROADCASTSS(param("alpha"), alpha)
	if t.vecs == 2 {
		SUBQ(Imm(uint64(t.isa.lanes)), cols)
	}
	each := func(add bool, mask *tailMask) {
		for r := range t.rows {
			c := row(r)
			for v := range t.vecs {
				at, sum := Mem{Base: c, Disp: v * t.isa.bytes()}, t.sum(r, v)
				masked := mask != nil && v == t.vecs-1
				switch {
				case !add:
					VMULPS(alpha, sum, sum)
				case masked:
					mask.load(at, old)
					VFMADD213PS(old, alpha, sum)
				default:
					VFMADD213PS(at, alpha, sum)
				}
				if masked {
					mask.store(sum, at)
				} else {
					VMOVUPS(sum, at)
				}
			}
		}
		VZEROUPPER()
		RET()
	}
	both := func(name string, mask *tailMask) {
		Load(Param("add"), tmp.As8())
		TESTB(tmp.As8(), tmp.As8())
		JZ(LabelRef(name + "set"))
		each(true, mask)
		Label(name + "set")
		each(false, mask)
	}
	CMPQ(cols, Imm(uint64(t.isa.lanes)))
	JNE(LabelRef(t.name + "part"))
	both(t.name, nil)
	Label(t.name + "part")
	mask := t.isa.makeMask(cols, tmp, K1, t.spare(2))
	both(t.name+"part", &mask)
}

// panelAhead is how many bytes ahead of its use a panel is fetched: the last-level cache takes some hundred cycles.
const panelAhead = 8192

// rowTile writes the kernel whose rows of A are anywhere in memory, each a number of runs.
func rowTile(s isa) {
	s.begin(s.product("rowTile"))
	count := AllocLocal(8)
	length := AllocLocal(8)
	step := AllocLocal(8)

	b, index := RAX, RBX
	rows := []GPPhysical{RCX, RDX, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15}
	Load(Param("segs"), RAX)
	MOVQ(RAX, count)
	Load(Param("segStep"), RAX)
	SHLQ(Imm(2), RAX)
	MOVQ(RAX, step)
	Load(Param("segLen"), RBX)
	Load(Param("a"), RCX)
	LEAQ(Mem{Base: RCX, Index: RBX, Scale: 4}, RCX) // runs are counted up to 0
	Load(Param("aoff"), RDX)
	NEGQ(RBX)
	MOVQ(RBX, length)
	Load(Param("rows"), RSI)
	Load(Param("cols"), RDI)
	Load(Param("b"), RAX)
	for _, t := range dispatch(s, RSI, RDI, 0) {
		Label(t.name)
		Load(Param("coff"), R8)
		Load(Param("c"), R9)
		t.prefetch(func(r int) GPPhysical {
			MOVQ(Mem{Base: R8, Disp: 8 * r}, R10)
			LEAQ(Mem{Base: R9, Index: R10, Scale: 4}, R10)
			return R10
		})
		for r := t.rows - 1; r >= 0; r-- { // RCX and RDX last
			if r >= 2 {
				MOVQ(Mem{Base: RDX, Disp: 8 * r}, rows[r])
				LEAQ(Mem{Base: RCX, Index: rows[r], Scale: 4}, rows[r])
			}
		}
		if t.rows >= 2 {
			MOVQ(Mem{Base: RDX}, RBX)
			MOVQ(Mem{Base: RDX, Disp: 8}, RDX)
			LEAQ(Mem{Base: RCX, Index: RDX, Scale: 4}, RDX)
		} else {
			MOVQ(Mem{Base: RDX}, RBX)
		}
		LEAQ(Mem{Base: RCX, Index: RBX, Scale: 4}, RCX)
		t.clear()
		Label(t.name + "run")
		MOVQ(length, index)
		Label(t.name + "loop")
		for v := range t.vecs {
			VMOVUPS(Mem{Base: b, Disp: v * s.bytes()}, t.spare(v))
		}
		t.multiply(func(r int) Mem { return Mem{Base: rows[r], Index: index, Scale: 4} })
		if t.rows == rowSteps(s)[0] && t.vecs == 2 {
			for at := 0; at < t.vecs*s.bytes(); at += 64 {
				PREFETCHT0(Mem{Base: b, Disp: panelAhead + at})
			}
		}
		ADDQ(I32(int32(t.vecs*s.bytes())), b)
		INCQ(index)
		JNZ(LabelRef(t.name + "loop"))
		for _, p := range rows[:t.rows] {
			ADDQ(step, p)
		}
		DECQ(count)
		JNZ(LabelRef(t.name + "run"))

		Load(Param("c"), RCX)
		Load(Param("coff"), RDX)
		Load(Param("cols"), RBX)
		t.store(RBX, RSI, func(r int) GPPhysical {
			MOVQ(Mem{Base: RDX, Disp: 8 * r}, RSI)
			LEAQ(Mem{Base: RCX, Index: RSI, Scale: 4}, RSI)
			return RSI
		})
	}
}

// colTile writes the kernel that takes a column of A from adjacent memory.
func colTile(s isa) {
	more := 2 * rowSteps(s)[0]
	s.begin(s.product("colTile"))
	a, b, stepA, stepB, segA, segB, segs, segLen := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9
	rows, cols, count, pa, pb, tmp := R10, R11, R12, R13, R14, R15
	for _, p := range []struct {
		name string
		to   GPPhysical
	}{
		{"a", a}, {"b", b}, {"segs", segs}, {"segLen", segLen}, {"segA", segA}, {"segB", segB},
		{"stepA", stepA}, {"stepB", stepB}, {"rows", rows}, {"cols", cols},
	} {
		Load(Param(p.name), p.to)
	}
	for _, r := range []Register{segA, segB, stepA, stepB} {
		SHLQ(Imm(2), r)
	}
	for _, t := range dispatch(s, rows, cols, more) {
		Label(t.name)
		if t.vecs == 2 {
			SUBQ(Imm(uint64(s.lanes)), cols)
		}
		mask := s.makeMask(cols, tmp, K1, t.spare(t.vecs+1))
		t.clear()
		Label(t.name + "run")
		MOVQ(a, pa)
		MOVQ(b, pb)
		MOVQ(segLen, count)
		Label(t.name + "loop")
		if t.vecs == 2 {
			VMOVUPS(Mem{Base: pb}, t.spare(0))
		}
		mask.load(Mem{Base: pb, Disp: (t.vecs - 1) * s.bytes()}, t.spare(t.vecs-1))
		t.multiply(func(r int) Mem { return Mem{Base: pa, Disp: 4 * r} })
		ADDQ(stepA, pa)
		ADDQ(stepB, pb)
		DECQ(count)
		JNZ(LabelRef(t.name + "loop"))
		ADDQ(segA, a)
		ADDQ(segB, b)
		DECQ(segs)
		JNZ(LabelRef(t.name + "run"))

		Load(Param("c"), RAX)
		Load(Param("ldc"), RBX)
		SHLQ(Imm(2), RBX)
		Load(Param("cols"), cols)
		SUBQ(RBX, RAX)
		t.store(cols, RCX, func(r int) GPPhysical {
			ADDQ(RBX, RAX)
			return RAX
		})
	}
}
