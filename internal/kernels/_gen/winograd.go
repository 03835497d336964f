package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// winogradKernels writes the transforms of F(2×2, 3×3) and the products between them. Vectors run over channels.
func winogradKernels(s isa) {
	winogradInput(s)
	winogradOutput(s)
	winogradGradient(s)
	winogradProduct(s)
	winogradOuter(s)
	winogradWeights(s)
	winogradFold(s)
	winogradFours(s)
}

// channelBlocks writes body for whole vectors of channels and for the last, masked one. left counts the channels, offset
// the bytes before the block; both and tmp belong to the loop. v is a vector register for the mask.
func channelBlocks(s isa, left, offset, tmp GPPhysical, v VecPhysical, body func(name string, mask *tailMask)) {
	Load(Param("channels"), left)
	XORQ(offset, offset)
	Label("whole")
	CMPQ(left, Imm(uint64(s.lanes)))
	JL(LabelRef("rest"))
	body("whole", nil)
	ADDQ(Imm(uint64(s.bytes())), offset)
	SUBQ(Imm(uint64(s.lanes)), left)
	JMP(LabelRef("whole"))
	Label("rest")
	TESTQ(left, left)
	JZ(LabelRef("done"))
	mask := s.makeMask(left, tmp, K1, v)
	body("rest", &mask)
	Label("done")
	VZEROUPPER()
	RET()
}

func loadVec(mask *tailMask, from Mem, to Register) {
	if mask != nil {
		mask.load(from, to)
	} else {
		VMOVUPS(from, to)
	}
}

// loadBytes loads an argument that counts values, as bytes.
func loadBytes(name string, to GPPhysical) {
	Load(Param(name), to)
	SHLQ(Imm(2), to)
}

// transformed sets dst to where the block of channels goes.
func (s isa) transformed(dst, offset, tmp GPPhysical) {
	Load(Param("dst"), dst)
	if s.pairs {
		MOVQ(offset, tmp)
		SHRQ(Imm(1), tmp)
		offset = tmp
	}
	ADDQ(offset, dst)
}

// winogradInput slides along four rows of pixels. Three groups of registers hold transformed columns: two of the last
// tile, one for the next; after a tile their roles move on by one.
func winogradInput(s isa) {
	s.begin(s.product("winogradInput"))
	rows := []GPPhysical{RAX, RBX, RCX, RDX}
	pixel, dst, plane, plane3, tile, count := RSI, RDI, R8, R9, R10, R11
	left, q, offset, plane4 := R12, R13, R14, R15
	out := []VecPhysical{s.v(12), s.v(13)}
	group := func(i int) []VecPhysical {
		i = 4 * (i % 3)
		return []VecPhysical{s.v(i), s.v(i + 1), s.v(i + 2), s.v(i + 3)}
	}
	loadBytes("pixel", pixel)
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, plane3)
	loadBytes("tile", tile)
	channelBlocks(s, left, offset, q, s.v(15), func(name string, mask *tailMask) {
		// column transforms the next column of pixels into v.
		column := func(v []VecPhysical) {
			x1 := s.v(14)
			loadVec(mask, Mem{Base: rows[0]}, v[0])
			loadVec(mask, Mem{Base: rows[1]}, x1)
			loadVec(mask, Mem{Base: rows[2]}, v[2])
			loadVec(mask, Mem{Base: rows[3]}, v[3])
			VSUBPS(v[2], v[0], v[0])
			VADDPS(v[2], x1, v[1])
			VSUBPS(x1, v[2], v[2])
			VSUBPS(x1, v[3], v[3])
			for _, r := range rows {
				ADDQ(pixel, r)
			}
		}
		zeros := func(v []VecPhysical) {
			for _, v := range v {
				zero(v)
			}
		}
		// write writes the planes of a tile whose columns are a, b, c and d. When c and d share registers with others,
		// next loads d between the planes that need them.
		write := func(a, b, c []VecPhysical, next func() []VecPhysical) {
			MOVQ(dst, q)
			for i := range 4 {
				VSUBPS(c[i], a[i], out[0])
				s.storeRounded(out[0], Mem{Base: q})
				VADDPS(c[i], b[i], out[1])
				s.storeRounded(out[1], Mem{Base: q, Index: plane, Scale: 1})
				VSUBPS(b[i], c[i], out[0])
				s.storeRounded(out[0], Mem{Base: q, Index: plane, Scale: 2})
				ADDQ(plane4, q)
			}
			d := next()
			LEAQ(Mem{Base: dst, Index: plane3, Scale: 1}, q)
			for i := range 4 {
				VSUBPS(b[i], d[i], out[i%2])
				s.storeRounded(out[i%2], Mem{Base: q})
				ADDQ(plane4, q)
			}
			ADDQ(tile, dst)
		}
		for i, r := range rows {
			Load(Param(fmt.Sprint("r", i)), r)
			ADDQ(offset, r)
		}
		LEAQ(Mem{Base: plane3, Index: plane, Scale: 1}, plane4)
		s.transformed(dst, offset, q)
		zeros(group(0))
		column(group(1))
		Load(Param("tiles"), count)
		Load(Param("right"), q)
		TESTQ(q, q)
		JZ(LabelRef(name + "open"))
		DECQ(count)
		JZ(LabelRef(name + "end0"))
		Label(name + "open")
		Label(name + "turn0")
		for turn := range 3 {
			a, b, c := group(2*turn), group(2*turn+1), group(2*turn+2)
			column(c)
			write(a, b, c, func() []VecPhysical { column(a); return a })
			DECQ(count)
			JZ(LabelRef(fmt.Sprint(name, "end", (turn+1)%3)))
		}
		JMP(LabelRef(name + "turn0"))
		for turn := range 3 {
			a, b, c := group(2*turn), group(2*turn+1), group(2*turn+2)
			Label(fmt.Sprint(name, "end", turn))
			Load(Param("right"), q)
			CMPQ(q, Imm(1))
			JL(LabelRef(name + "next"))
			JE(LabelRef(fmt.Sprint(name, "one", turn)))
			zeros(c)
			write(a, b, c, func() []VecPhysical { return c })
			JMP(LabelRef(name + "next"))
			Label(fmt.Sprint(name, "one", turn))
			column(c)
			write(a, b, c, func() []VecPhysical { zeros(a); return a })
			if turn < 2 {
				JMP(LabelRef(name + "next"))
			}
		}
		Label(name + "next")
	})
}

func winogradOutput(s isa) {
	s.begin("winogradOutput")
	m, plane, plane4, plane12, tile, y0, y1, pixel, count := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10
	left, q, offset, tmp := R11, R12, R13, R15
	loadBytes("plane", plane)
	MOVQ(plane, plane4)
	SHLQ(Imm(2), plane4)
	LEAQ(Mem{Base: plane4, Index: plane4, Scale: 2}, plane12)
	loadBytes("tile", tile)
	loadBytes("pixel", pixel)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		Load(Param("m"), m)
		ADDQ(offset, m)
		Load(Param("y0"), y0)
		ADDQ(offset, y0)
		Load(Param("y1"), y1)
		ADDQ(offset, y1)
		Load(Param("tiles"), count)
		Load(Param("add"), tmp.As8())
		Label(name + "tile")
		// The first index of y is the row, the second the column.
		y := [2][2]VecPhysical{{s.v(0), s.v(1)}, {s.v(2), s.v(3)}}
		MOVQ(m, q)
		for j := range 4 {
			x1, x2 := s.v(8+4*(j%2)), s.v(9+4*(j%2))
			sum := [2]VecPhysical{s.v(4 + 2*(j%2)), s.v(5 + 2*(j%2))}
			if j == 0 {
				sum = [2]VecPhysical{y[0][0], y[1][0]}
			}
			VMOVUPS(Mem{Base: q, Index: plane4, Scale: 1}, x1)
			VMOVUPS(Mem{Base: q, Index: plane4, Scale: 2}, x2)
			VADDPS(x2, x1, sum[0])
			VADDPS(Mem{Base: q}, sum[0], sum[0])
			VSUBPS(x2, x1, sum[1])
			VADDPS(Mem{Base: q, Index: plane12, Scale: 1}, sum[1], sum[1])
			for r := range 2 {
				switch j {
				case 1:
					VADDPS(sum[r], y[r][0], y[r][0])
					VMOVAPS(sum[r], y[r][1])
				case 2:
					VADDPS(sum[r], y[r][0], y[r][0])
					VSUBPS(sum[r], y[r][1], y[r][1])
				case 3:
					VADDPS(sum[r], y[r][1], y[r][1])
				}
			}
			if j < 3 {
				ADDQ(plane, q)
			}
		}
		places := [2][2]Mem{
			{{Base: y0}, {Base: y0, Index: pixel, Scale: 1}},
			{{Base: y1}, {Base: y1, Index: pixel, Scale: 1}},
		}
		TESTB(tmp.As8(), tmp.As8())
		JZ(LabelRef(name + "set"))
		for r := range 2 {
			for c := range 2 {
				old := s.v(4 + 2*r + c)
				loadVec(mask, places[r][c], old)
				VADDPS(old, y[r][c], y[r][c])
			}
		}
		Label(name + "set")
		for r := range 2 {
			for c := range 2 {
				if mask != nil {
					mask.store(y[r][c], places[r][c])
				} else {
					VMOVUPS(y[r][c], places[r][c])
				}
			}
		}
		LEAQ(Mem{Base: y0, Index: pixel, Scale: 2}, y0)
		LEAQ(Mem{Base: y1, Index: pixel, Scale: 2}, y1)
		ADDQ(tile, m)
		DECQ(count)
		JNZ(LabelRef(name + "tile"))
	})
}

func winogradGradient(s isa) {
	s.begin(s.product("winogradGradient"))
	y0, y1, pixel, dst, plane, plane3, tile, count := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9
	left, q, offset, tmp := R10, R11, R12, R13
	loadBytes("pixel", pixel)
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, plane3)
	loadBytes("tile", tile)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		Load(Param("y0"), y0)
		ADDQ(offset, y0)
		Load(Param("y1"), y1)
		ADDQ(offset, y1)
		s.transformed(dst, offset, q)
		Load(Param("tiles"), count)
		Label(name + "tile")
		a, b, c, d := s.v(0), s.v(1), s.v(2), s.v(3)
		loadVec(mask, Mem{Base: y0}, a)
		loadVec(mask, Mem{Base: y0, Index: pixel, Scale: 1}, b)
		loadVec(mask, Mem{Base: y1}, c)
		loadVec(mask, Mem{Base: y1, Index: pixel, Scale: 1}, d)
		VADDPS(c, a, s.v(4))
		VADDPS(d, b, s.v(5))
		VSUBPS(c, a, s.v(6))
		VSUBPS(d, b, s.v(7))
		MOVQ(dst, q)
		for i, row := range [][2]VecPhysical{{a, b}, {s.v(4), s.v(5)}, {s.v(6), s.v(7)}, {c, d}} {
			sum, difference := s.v(8+2*(i%2)), s.v(9+2*(i%2))
			VADDPS(row[1], row[0], sum)
			VSUBPS(row[1], row[0], difference)
			s.storeRounded(row[0], Mem{Base: q})
			s.storeRounded(sum, Mem{Base: q, Index: plane, Scale: 1})
			s.storeRounded(difference, Mem{Base: q, Index: plane, Scale: 2})
			s.storeRounded(row[1], Mem{Base: q, Index: plane3, Scale: 1})
			if i < 3 {
				LEAQ(Mem{Base: q, Index: plane, Scale: 4}, q)
			}
		}
		LEAQ(Mem{Base: y0, Index: pixel, Scale: 2}, y0)
		LEAQ(Mem{Base: y1, Index: pixel, Scale: 2}, y1)
		ADDQ(tile, dst)
		DECQ(count)
		JNZ(LabelRef(name + "tile"))
	})
}
