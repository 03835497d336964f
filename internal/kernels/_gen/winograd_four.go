package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The transforms of F(4×4, 3×3), each down the columns and then along the rows. Two rows that differ in a sign are computed
// together. Registers 0 to 11 hold rows, 12 to 14 what is between.

const (
	rootHalf = math.Sqrt2 / 2
	rootTwo  = math.Sqrt2
)

var fourMem *Mem

// fours are the factors of the transforms.
var fours = []float64{2.5, 2, 0.5, rootHalf, rootTwo, rootHalf / 2, 2 * rootTwo, -2. / 3, -1. / 3, -rootTwo / 3, 1. / 6, 1. / 3, rootTwo / 6}

// factors returns operands of the given ones among fours: registers where there are enough, memory elsewhere.
func (s isa) factors() func(x float64) Op {
	if fourMem == nil {
		m := GLOBL("winogradFours", RODATA|NOPTR)
		for i, x := range fours {
			for j := range 8 {
				DATA(32*i+4*j, U32(math.Float32bits(float32(x))))
			}
		}
		fourMem = &m
	}
	next, in := 16, map[int]Op{}
	return func(x float64) Op {
		for i, f := range fours {
			if f != x {
				continue
			}
			at := fourMem.Offset(32 * i)
			if !s.wide() {
				return at
			}
			if in[i] == nil {
				VBROADCASTSS(at, s.v(next))
				in[i] = s.v(next)
				next++
			}
			return in[i]
		}
		panic("gen: not among the factors")
	}
}

// pair sets even to even + f·odd, and other to even − f·odd.
func pair(f Op, even, odd, other VecPhysical) {
	VMOVAPS(even, other)
	VFMADD231PS(f, odd, even)
	VFNMADD231PS(f, odd, other)
}

func storeVec(mask *tailMask, from VecPhysical, to Mem) {
	if mask != nil {
		mask.store(from, to)
	} else {
		VMOVUPS(from, to)
	}
}

func winogradFours(s isa) {
	winogradInput4(s)
	winogradOutput4(s)
	winogradGradient4(s)
	winogradWeights4(s)
	winogradFold4(s)
}

// registers are n registers from the first on.
func (s isa) registers(first, n int) []VecPhysical {
	var all []VecPhysical
	for i := range n {
		all = append(all, s.v(first+i))
	}
	return all
}

// planesOut stores one plane after the other.
func planesOut(q, plane GPPhysical) func(VecPhysical) {
	return func(v VecPhysical) {
		VMOVUPS(v, Mem{Base: q})
		ADDQ(plane, q)
	}
}

func winogradInput4(s isa) {
	s.begin("winogradInput4")
	base, p, line, line3, line5, pixel, dst, q := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9
	plane, count, left, offset, tmp, tile := R10, R11, R12, R13, R14, R15
	factor := s.factors()
	twoHalf, two, half, rootHalf, rootTwo := factor(2.5), factor(2), factor(0.5), factor(rootHalf), factor(rootTwo)
	loadBytes("line", line)
	LEAQ(Mem{Base: line, Index: line, Scale: 2}, line3)
	LEAQ(Mem{Base: line, Index: line, Scale: 4}, line5)
	loadBytes("pixel", pixel)
	loadBytes("plane", plane)
	loadBytes("tile", tile)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		first, second := s.registers(0, 6), s.registers(6, 6)
		even, odd, t := s.v(12), s.v(13), s.v(14)
		at := func(row int, to VecPhysical) { // of the column at p
			m := Mem{Base: p}
			switch row {
			case 1, 2, 4:
				m.Index, m.Scale = line, uint8(row)
			case 3:
				m.Index, m.Scale = line3, 1
			case 5:
				m.Index, m.Scale = line5, 1
			}
			loadVec(mask, m, to)
		}
		columns := func(do func(x int)) {
			MOVQ(base, p)
			for x := range 6 {
				do(x)
				if x < 5 {
					ADDQ(pixel, p)
				}
			}
		}
		// outer is a row at an end: three values of a column, from the given one on.
		outer := func(from int) {
			columns(func(x int) {
				at(from, first[x])
				at(from+4, t)
				VADDPS(t, first[x], first[x])
				at(from+2, t)
				VFNMADD231PS(twoHalf, t, first[x])
			})
		}
		inner := func(inside, root Op) {
			columns(func(x int) {
				at(4, first[x])
				at(2, t)
				VFNMADD231PS(inside, t, first[x])
				at(3, odd)
				at(1, t)
				VFNMADD231PS(inside, t, odd)
				pair(root, first[x], odd, second[x])
			})
		}
		put := planesOut(q, plane)
		write := func(row []VecPhysical) {
			end := func(from int) {
				VADDPS(row[from], row[from+4], t)
				VFNMADD231PS(twoHalf, row[from+2], t)
				put(t)
			}
			end(0)
			for _, f := range [][2]Op{{two, rootHalf}, {half, rootTwo}} {
				VMOVAPS(row[4], even)
				VFNMADD231PS(f[0], row[2], even)
				VMOVAPS(row[3], odd)
				VFNMADD231PS(f[0], row[1], odd)
				pair(f[1], even, odd, t)
				put(even)
				put(t)
			}
			end(1)
		}
		Load(Param("x"), base)
		ADDQ(offset, base)
		Load(Param("dst"), dst)
		ADDQ(offset, dst)
		Load(Param("tiles"), count)
		Label(name + "tile")
		MOVQ(dst, q)
		outer(0)
		write(first)
		for _, f := range [][2]Op{{two, rootHalf}, {half, rootTwo}} {
			inner(f[0], f[1])
			write(first)
			write(second)
		}
		outer(1)
		write(first)
		LEAQ(Mem{Base: base, Index: pixel, Scale: 4}, base)
		ADDQ(tile, dst)
		DECQ(count)
		JNZ(LabelRef(name + "tile"))
	})
}

func winogradGradient4(s isa) {
	s.begin("winogradGradient4")
	base, p, line, line3, pixel, dst, q := RAX, RBX, RCX, RDX, RSI, RDI, R8
	plane, count, left, offset, tmp, tile := R9, R10, R11, R12, R13, R15
	factor := s.factors()
	two, half, rootHalf, rootTwo := factor(2), factor(0.5), factor(rootHalf), factor(rootTwo)
	loadBytes("line", line)
	LEAQ(Mem{Base: line, Index: line, Scale: 2}, line3)
	loadBytes("pixel", pixel)
	loadBytes("plane", plane)
	loadBytes("tile", tile)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		first, second := s.registers(0, 4), s.registers(4, 4)
		even, odd, t := s.v(12), s.v(13), s.v(14)
		lines := []Mem{{Base: p}, {Base: p, Index: line, Scale: 1}, {Base: p, Index: line, Scale: 2}, {Base: p, Index: line3, Scale: 1}}
		columns := func(do func(x int)) {
			MOVQ(base, p)
			for x := range 4 {
				do(x)
				if x < 3 {
					ADDQ(pixel, p)
				}
			}
		}
		put := planesOut(q, plane)
		write := func(row []VecPhysical) {
			put(row[0])
			for _, f := range [][2]Op{{half, rootHalf}, {two, rootTwo}} {
				VMOVAPS(row[0], even)
				VFMADD231PS(f[0], row[2], even)
				VMOVAPS(row[1], odd)
				VFMADD231PS(f[0], row[3], odd)
				pair(f[1], even, odd, t)
				put(even)
				put(t)
			}
			put(row[3])
		}
		Load(Param("y"), base)
		ADDQ(offset, base)
		Load(Param("dst"), dst)
		ADDQ(offset, dst)
		Load(Param("tiles"), count)
		Label(name + "tile")
		MOVQ(dst, q)
		columns(func(x int) { loadVec(mask, lines[0], first[x]) })
		write(first)
		for _, f := range [][2]Op{{half, rootHalf}, {two, rootTwo}} {
			columns(func(x int) {
				loadVec(mask, lines[0], first[x])
				loadVec(mask, lines[2], t)
				VFMADD231PS(f[0], t, first[x])
				loadVec(mask, lines[1], odd)
				loadVec(mask, lines[3], t)
				VFMADD231PS(f[0], t, odd)
				pair(f[1], first[x], odd, second[x])
			})
			write(first)
			write(second)
		}
		columns(func(x int) { loadVec(mask, lines[3], first[x]) })
		write(first)
		LEAQ(Mem{Base: base, Index: pixel, Scale: 4}, base)
		ADDQ(tile, dst)
		DECQ(count)
		JNZ(LabelRef(name + "tile"))
	})
}
