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

func winogradOutput4(s isa) {
	s.begin("winogradOutput4")
	m, q, plane, row, row3, row5, y, pixel := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9
	pixel3, count, left, offset, line, tmp := R10, R11, R12, R13, R14, R15
	factor := s.factors()
	two, half, rootHalf, rootTwo := factor(2), factor(0.5), factor(rootHalf), factor(rootTwo)
	rootEighth, rootEight := factor(fours[5]), factor(fours[6])
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, row)
	SHLQ(Imm(1), row) // six planes
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	LEAQ(Mem{Base: row, Index: row, Scale: 4}, row5)
	loadBytes("pixel", pixel)
	LEAQ(Mem{Base: pixel, Index: pixel, Scale: 2}, pixel3)
	loadBytes("line", line)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		upper, lower := s.registers(0, 6), s.registers(6, 6)
		a, b, t := s.v(12), s.v(13), s.v(14)
		planes := []Mem{{Base: q}, {Base: q, Index: row, Scale: 1}, {Base: q, Index: row, Scale: 2}, {Base: q, Index: row3, Scale: 1},
			{Base: q, Index: row, Scale: 4}, {Base: q, Index: row5, Scale: 1}}
		columns := func(do func(x int)) {
			MOVQ(m, q)
			for x := range 6 {
				VMOVUPS(planes[1], a)
				VMOVUPS(planes[3], b)
				do(x)
				if x < 5 {
					ADDQ(plane, q)
				}
			}
		}
		// write sets the line at q to what the planes of a row give.
		write := func(r []VecPhysical, label string) {
			VADDPS(r[2], r[1], a)
			VSUBPS(r[2], r[1], r[1])
			VADDPS(r[4], r[3], b)
			VSUBPS(r[4], r[3], r[3])
			VADDPS(a, r[0], r[0])
			VADDPS(b, r[0], r[0])
			VMULPS(half, a, r[2])
			VFMADD231PS(two, b, r[2])
			VFMADD231PS(rootEighth, r[1], r[5])
			VFMADD231PS(rootEight, r[3], r[5])
			VMULPS(rootHalf, r[1], r[1])
			VFMADD231PS(rootTwo, r[3], r[1])
			places := []Mem{{Base: q}, {Base: q, Index: pixel, Scale: 1}, {Base: q, Index: pixel, Scale: 2}, {Base: q, Index: pixel3, Scale: 1}}
			results := []VecPhysical{r[0], r[1], r[2], r[5]}
			CMPB(param("add"), Imm(0))
			JEQ(LabelRef(name + label))
			for i, v := range results {
				loadVec(mask, places[i], t)
				VADDPS(t, v, v)
			}
			Label(name + label)
			for i, v := range results {
				storeVec(mask, v, places[i])
			}
		}
		Load(Param("m"), m)
		ADDQ(offset, m)
		Load(Param("y"), y)
		ADDQ(offset, y)
		Load(Param("tiles"), count)
		Label(name + "tile")
		columns(func(x int) {
			VADDPS(planes[2], a, a)
			VADDPS(planes[4], b, b)
			VADDPS(planes[0], a, upper[x])
			VADDPS(b, upper[x], upper[x])
			VMULPS(half, a, lower[x])
			VFMADD231PS(two, b, lower[x])
		})
		MOVQ(y, q)
		write(upper, "set0")
		LEAQ(Mem{Base: y, Index: line, Scale: 2}, q)
		write(lower, "set2")
		columns(func(x int) {
			VSUBPS(planes[2], a, a)
			VSUBPS(planes[4], b, b)
			VMULPS(rootHalf, a, upper[x])
			VFMADD231PS(rootTwo, b, upper[x])
			VMOVUPS(planes[5], lower[x])
			VFMADD231PS(rootEighth, a, lower[x])
			VFMADD231PS(rootEight, b, lower[x])
		})
		LEAQ(Mem{Base: y, Index: line, Scale: 1}, q)
		write(upper, "set1")
		LEAQ(Mem{Base: q, Index: line, Scale: 2}, q)
		write(lower, "set3")
		LEAQ(Mem{Base: y, Index: pixel, Scale: 4}, y)
		loadBytes("tile", tmp)
		ADDQ(tmp, m)
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

// weightFactors are those of the first and third, and of the second tap, of the inner rows.
func weightFactors(factor func(float64) Op) [][3]Op {
	return [][3]Op{{factor(-2. / 3), factor(-1. / 3), factor(-rootTwo / 3)}, {factor(1. / 6), factor(1. / 3), factor(rootTwo / 6)}}
}

func winogradWeights4(s isa) {
	s.begin("winogradWeights4")
	w, tap, tap3, u, plane, at, left, offset, tmp := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10
	factors := weightFactors(s.factors())
	loadBytes("tap", tap)
	LEAQ(Mem{Base: tap, Index: tap, Scale: 2}, tap3)
	loadBytes("plane", plane)
	channelBlocks(s, left, offset, tmp, s.v(15), func(name string, mask *tailMask) {
		first, second := s.registers(0, 3), s.registers(3, 3)
		even, odd, t := s.v(12), s.v(13), s.v(14)
		taps := []Mem{{Base: at}, {Base: at, Index: tap3, Scale: 1}, {Base: at, Index: tap3, Scale: 2}}
		columns := func(do func(x int)) {
			MOVQ(w, at)
			for x := range 3 {
				do(x)
				if x < 2 {
					ADDQ(tap, at)
				}
			}
		}
		// inner sets sum and difference to two inner rows of three values.
		inner := func(f [3]Op, g0, g1, g2, sum, difference VecPhysical) {
			VMULPS(f[0], g0, sum)
			VFMADD231PS(f[1], g2, sum)
			pair(f[2], sum, g1, difference)
		}
		put := planesOut(u, plane)
		write := func(row []VecPhysical) {
			put(row[0])
			for _, f := range factors {
				inner(f, row[0], row[1], row[2], even, odd)
				put(even)
				put(odd)
			}
			put(row[2])
		}
		Load(Param("w"), w)
		ADDQ(offset, w)
		Load(Param("u"), u)
		ADDQ(offset, u)
		columns(func(x int) { loadVec(mask, taps[0], first[x]) })
		write(first)
		for _, f := range factors {
			columns(func(x int) {
				loadVec(mask, taps[0], even)
				loadVec(mask, taps[1], odd)
				loadVec(mask, taps[2], t)
				inner(f, even, odd, t, first[x], second[x])
			})
			write(first)
			write(second)
		}
		columns(func(x int) { loadVec(mask, taps[2], first[x]) })
		write(first)
	})
}

func winogradFold4(s isa) {
	s.begin("winogradFold4")
	du, plane, row, row3, row5, dw, tap, at, left, offset, tmp := RAX, RBX, RCX, RDX, RSI, RDI, R8, R9, R10, R11, R12
	factors := weightFactors(s.factors())
	loadBytes("plane", plane)
	LEAQ(Mem{Base: plane, Index: plane, Scale: 2}, row)
	SHLQ(Imm(1), row) // six planes
	LEAQ(Mem{Base: row, Index: row, Scale: 2}, row3)
	LEAQ(Mem{Base: row, Index: row, Scale: 4}, row5)
	loadBytes("tap", tap)
	channelBlocks(s, left, offset, tmp, s.v(15), func(_ string, mask *tailMask) {
		r, a, b, t := s.registers(0, 6), s.v(12), s.v(13), s.v(14)
		planes := []Mem{{Base: at}, {Base: at, Index: row, Scale: 1}, {Base: at, Index: row, Scale: 2}, {Base: at, Index: row3, Scale: 1},
			{Base: at, Index: row, Scale: 4}, {Base: at, Index: row5, Scale: 1}}
		// fold sets to to one of three taps of six values, of which a and b are sums of the inner ones, or differences.
		fold := func(i int, end Op, to VecPhysical) {
			j := []int{0, 2, 1}[i]
			VMULPS(factors[0][j], a, to)
			VFMADD231PS(factors[1][j], b, to)
			if end != nil {
				VADDPS(end, to, to)
			}
		}
		Load(Param("du"), du)
		ADDQ(offset, du)
		Load(Param("dw"), dw)
		ADDQ(offset, dw)
		for y := range 3 {
			MOVQ(du, at)
			combine := VADDPS
			if y == 1 {
				combine = VSUBPS
			}
			ends := []Op{planes[0], nil, planes[5]}
			for x := range 6 {
				VMOVUPS(planes[1], a)
				combine(planes[2], a, a)
				VMOVUPS(planes[3], b)
				combine(planes[4], b, b)
				fold(y, ends[y], r[x])
				if x < 5 {
					ADDQ(plane, at)
				}
			}
			for x, end := range []Op{r[0], nil, r[5]} {
				if x == 1 {
					VSUBPS(r[2], r[1], a)
					VSUBPS(r[4], r[3], b)
				} else {
					VADDPS(r[2], r[1], a)
					VADDPS(r[4], r[3], b)
				}
				old := s.v(6)
				fold(x, end, t)
				loadVec(mask, Mem{Base: dw}, old)
				VADDPS(old, t, t)
				storeVec(mask, t, Mem{Base: dw})
				ADDQ(tap, dw)
			}
		}
	})
}
