package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// special are numbers at the edges of rounding.
var special = []uint32{
	0, 1 << 31, 1, 0x007fffff, 0x80000001, 0x807fffff, // zeros and denormals
	0x00800000, 0x00807fff, 0x00808000, 0x00808001, 0x00818000, // the smallest, ties to even and odd
	0x3f800000, 0x3f807fff, 0x3f808000, 0x3f808001, 0x3f817fff, 0x3f818000, 0xbf818000,
	0x7f7f0000, 0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0xff7fffff, // to infinity
	0x7f800000, 0xff800000, 0x7f800001, 0x7fc00000, 0xff80ffff, 0x7fffffff, 0xffc12345, // infinities and NaN
}

// nearest is x as bfloat16, by float64.
func nearest(x float32) float32 {
	if x != x || math.IsInf(float64(x), 0) {
		return x
	}
	if math.Abs(float64(x)) < 0x1p-126 {
		return float32(math.Copysign(0, float64(x)))
	}
	fraction, exponent := math.Frexp(float64(x))
	return float32(math.Ldexp(math.RoundToEven(fraction*256), exponent-8)) // beyond the range: infinite
}

func same(t *testing.T, want, got float32, context ...any) {
	t.Helper()
	if want != want && got != got {
		return
	}
	require.Equal(t, math.Float32bits(want), math.Float32bits(got), context...)
}

func TestBFloat16Rounding(t *testing.T) {
	r := newRand(1)
	var x []float32
	for _, b := range special {
		x = append(x, math.Float32frombits(b))
	}
	for range 5000 {
		x = append(x, math.Float32frombits(r.Uint32()))
	}
	y, back, rounded := newGuarded(make([]float32, Pairs(len(x)))), newGuarded(make([]float32, len(x))), make([]float32, len(x))
	ToBFloat16(y.data, x)
	FromBFloat16(back.data, y.data)
	RoundBFloat16(rounded, x)
	for i, v := range x {
		same(t, nearest(v), back.data[i], "%08x", math.Float32bits(v))
		same(t, nearest(v), rounded[i], "%08x", math.Float32bits(v))
		if v != v {
			require.NotZero(t, math.Float32bits(back.data[i])&(1<<22), "a NaN that is not quiet")
		}
	}
	y.check(t)
	back.check(t)
}

// Every size and offset: numbers, and guard words on both sides.
func TestBFloat16Sizes(t *testing.T) {
	r := newRand(2)
	for n := range 200 {
		for offset := range 3 {
			x, b := randoms(r, n+offset)[offset:], randoms(r, n+offset)[offset:]
			y, back, rows := newGuarded(make([]float32, Pairs(n))), newGuarded(make([]float32, n)), newGuarded(make([]float32, n))
			packedB, zipped := make([]float32, Pairs(n)), newGuarded(make([]float32, n))
			ToBFloat16(y.data, x)
			FromBFloat16(back.data, y.data)
			pairRows(rows.data, x, b)
			ToBFloat16(packedB, b)
			zipRows(zipped.data, y.data, packedB, n)
			for i, v := range x {
				same(t, nearest(v), back.data[i])
				same(t, nearest(v), lower(rows.data[i]))
				same(t, nearest(b[i]), upper(rows.data[i]))
			}
			if n%2 == 1 {
				require.Zero(t, upper(y.data[n/2]))
			}
			y.check(t)
			back.check(t)
			rows.check(t)
			for i := range rows.data {
				same(t, rows.data[i], zipped.data[i])
			}
			zipped.check(t)
		}
	}
	long := randoms(r, 100_001)
	sameBits(t, func() []float32 {
		y, back := make([]float32, Pairs(len(long))), make([]float32, len(long))
		ToBFloat16(y, long)
		FromBFloat16(back, y)
		return back
	})
}

// pairsOf are pairs of numbers, some of them special.
func pairsOf(t *testing.T, seed uint64, n int) []float32 {
	r := newRand(seed)
	x := randoms(r, 2*n)
	for range n / 50 {
		x[r.IntN(len(x))] = []float32{0x1p-126, -0x1p-100, 0x1p100, float32(math.Copysign(0, -1))}[r.IntN(4)]
	}
	y := make([]float32, n)
	ToBFloat16(y, x)
	return y
}

// The tiles of pairs have the bits of the definition at every level: each sum rounded, the upper products first.
func TestRowProductOfPairs(t *testing.T) {
	size := current.tile
	const segs, segLen, segStep, rowStep = 3, 5, 4, 7
	for rows := 1; rows <= 2*size.rows+1; rows++ {
		for cols := 1; cols <= size.cols; cols++ {
			a, b := newGuarded(pairsOf(t, uint64(rows), rows*rowStep+segs*segStep+segLen)), pairsOf(t, uint64(cols), segs*segLen*size.cols)
			ldc := cols + 3
			c := newGuarded(randoms(newRand(3), rows*ldc))
			want := append([]float32(nil), c.data...)
			aoff, coff := make([]int, rows), make([]int, rows)
			p := rowProduct{a: a.data, segs: segs, segLen: segLen, segStep: segStep, panel: b, c: c.data, cols: cols, alpha: 1,
				add: rows%2 == 0, pairs: true}
			for i := range rows {
				aoff[i], coff[i] = (rows-1-i)*rowStep, i*ldc
				for j := range cols {
					var sum float32
					for k := range segs * segLen {
						sum = addPairs(sum, a.data[aoff[i]+k/segLen*segStep+k%segLen], b[k*size.panel(cols)+j])
					}
					if p.add {
						sum += want[coff[i]+j]
					}
					want[coff[i]+j] = sum
				}
			}
			p.run(aoff, coff)
			for i := range want {
				same(t, want[i], c.data[i], "%d×%d: %d", rows, cols, i)
			}
			c.check(t)
		}
	}
}

func TestColProductOfPairs(t *testing.T) {
	size := current.tile
	const segs, segLen, stepA, stepB, segA, segB = 3, 5, 4, 70, 3, 5*70 + 1
	for rows := 1; rows <= 4*size.rows+1; rows++ {
		for cols := 1; cols <= size.cols; cols++ {
			a, b := pairsOf(t, uint64(rows), segs*segA+segLen*stepA+rows), pairsOf(t, uint64(cols), segs*segB-stepB+cols)
			ldc := cols + 3
			c := newGuarded(randoms(newRand(4), rows*ldc))
			want := append([]float32(nil), c.data...)
			p := colProduct{a: a, b: b, segs: segs, segLen: segLen, segA: segA, segB: segB, stepA: stepA, stepB: stepB,
				c: c.data, ldc: ldc, cols: cols, alpha: 1, add: rows%2 == 0, pairs: true}
			for i := range rows {
				for j := range cols {
					var sum float32
					for k := range segs * segLen {
						s, k := k/segLen, k%segLen
						sum = addPairs(sum, a[s*segA+k*stepA+i], b[s*segB+k*stepB+j])
					}
					if p.add {
						sum += want[i*ldc+j]
					}
					want[i*ldc+j] = sum
				}
			}
			p.run(rows)
			for i := range want {
				same(t, want[i], c.data[i], "%d×%d: %d", rows, cols, i)
			}
			c.check(t)
		}
	}
}

// NaN and infinities of a pair reach the sums of its row and column alone.
func TestPairsNonFinite(t *testing.T) {
	for _, v := range []float32{nan32, inf32, ninf32} {
		a, b, c := make([]float32, 4*3), make([]float32, 3*current.tile.cols), make([]float32, 4*2)
		for i := range a {
			a[i] = pair(1, 2)
		}
		for i := range b {
			b[i] = pair(3, 4)
		}
		a[1*3+1] = pair(v, 1)
		p := rowProduct{a: a, segs: 1, segLen: 3, panel: b, c: c, cols: 2, alpha: 1, pairs: true}
		p.run([]int{0, 3, 6, 9}, []int{0, 2, 4, 6})
		for i, got := range c {
			if i/2 == 1 {
				same(t, v, got, "the row of %v", v)
			} else {
				require.Equal(t, float32(33), got, "another row than that of %v", v)
			}
		}
	}
}

// A denormal sum counts as zero, with and without the instructions.
func TestPairsFlushDenormalSums(t *testing.T) {
	a, b, c := []float32{pair(0x1p-70, 0), pair(0x1p-120, 1)}, make([]float32, 2*current.tile.cols), make([]float32, 1)
	b[0], b[current.tile.panel(1)] = pair(0x1p-70, 5), pair(1, 0x1p-120)
	p := rowProduct{a: a, segs: 1, segLen: 2, panel: b, c: c, cols: 1, alpha: 1, pairs: true}
	p.run([]int{0}, []int{0})
	require.Equal(t, float32(0x1p-119), c[0])
}
