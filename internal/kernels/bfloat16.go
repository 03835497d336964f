package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// A bfloat16 is the upper half of a float32: its range, with 8 bits of precision. Slices of float32 hold them in pairs, the
// first in the lower half: kernels on pairs treat one as one value, of which multiplication makes two products.
//
// Numbers are rounded to the nearest, ties to even; those that float32 has only denormal become zeros, as the processor's
// instructions have it, and NaN stays NaN.

// Pairs is the number of values that n bfloat16 take.
func Pairs(n int) int { return (n + 1) / 2 }

// ToBFloat16 sets y [Pairs(len(x))] to x. A last half of a pair is zero.
func ToBFloat16(y, x []float32) {
	parallel.Range(Pairs(len(x)), chunkSize/2, func(lo, hi int) { toBFloat16(y[lo:hi], x[2*lo:min(2*hi, len(x))]) })
}

func toBFloat16(y, x []float32) {
	y = y[:Pairs(len(x))]
	n := len(x) &^ 15
	if n > 0 && !toBFloat16Vec(&y[0], &x[0], n) {
		n = 0
	}
	y, x = y[n/2:], x[n:]
	for ; len(x) > 1; y, x = y[1:], x[2:] {
		y[0] = pair(x[0], x[1])
	}
	if len(x) == 1 {
		y[0] = pair(x[0], 0)
	}
}

// FromBFloat16 sets y to the numbers of x [Pairs(len(y))].
func FromBFloat16(y, x []float32) {
	parallel.Range(Pairs(len(y)), chunkSize/2, func(lo, hi int) { fromBFloat16(y[2*lo:min(2*hi, len(y))], x[lo:hi]) })
}

func fromBFloat16(y, x []float32) {
	x = x[:Pairs(len(y))]
	n := len(y) &^ 15
	if n > 0 && !fromBFloat16Vec(&y[0], &x[0], n) {
		n = 0
	}
	y, x = y[n:], x[n/2:]
	for ; len(y) > 1; y, x = y[2:], x[1:] {
		y[0], y[1] = lower(x[0]), upper(x[0])
	}
	if len(y) == 1 {
		y[0] = lower(x[0])
	}
}

// pairRows makes pairs of the numbers of a and of b, which are as many.
func pairRows(y, a, b []float32) {
	y, b = y[:len(a)], b[:len(a)]
	n := len(a) &^ 15
	if n > 0 && !pairRowsVec(&y[0], &a[0], &b[0], n) {
		n = 0
	}
	for i := n; i < len(a); i++ {
		y[i] = pair(a[i], b[i])
	}
}

// zipRows makes pairs of the numbers of a and of b, which are n bfloat16 in pairs each.
func zipRows(y, a, b []float32, n int) {
	y, a, b = y[:n], a[:Pairs(n)], b[:Pairs(n)]
	whole := n &^ 15
	if whole > 0 && !zipRowsVec(&y[0], &a[0], &b[0], whole, 1, 0) {
		whole = 0
	}
	for i := whole; i < n; i++ {
		if i%2 == 0 {
			y[i] = pairOf(lower(a[i/2]), lower(b[i/2]))
		} else {
			y[i] = pairOf(upper(a[i/2]), upper(b[i/2]))
		}
	}
}

// zipNext makes pairs of the numbers of every two rows of x, of n numbers, which are even.
func zipNext(y, x []float32, twos, n int) {
	if twos == 0 {
		return
	}
	y, x = y[:twos*n], x[:twos*n]
	if n%16 == 0 && n > 0 && zipRowsVec(&y[0], &x[0], &x[n/2], n, twos, n) {
		return
	}
	for i := range twos {
		zipRows(y[i*n:], x[i*n:], x[i*n+n/2:], n)
	}
}

// RoundBFloat16 sets y to x, rounded to what bfloat16 has. y may alias x.
func RoundBFloat16(y, x []float32) {
	parallel.Range(len(x), chunkSize, func(lo, hi int) {
		for i, v := range x[lo:hi] {
			y[lo+i] = math.Float32frombits(rounded(v))
		}
	})
}

const (
	signBit      = 1 << 31
	exponentBits = 0xff << 23
)

// rounded is x as a bfloat16 in the upper half.
func rounded(x float32) uint32 {
	b := math.Float32bits(x)
	if b&exponentBits-1<<23 < 0xfe<<23 {
		return (b + 0x7fff + b>>16&1) &^ 0xffff
	}
	return roundedSpecial(b)
}

// roundedSpecial is rounded for zero, denormals, infinity and NaN.
func roundedSpecial(b uint32) uint32 {
	const quiet = 1 << 22
	switch {
	case b&exponentBits == 0:
		return b & signBit
	case b&^(signBit|exponentBits) != 0:
		b |= quiet
	}
	return b &^ 0xffff
}

func pair(lower, upper float32) float32 {
	return math.Float32frombits(rounded(lower)>>16 | rounded(upper))
}

// pairOf is pair of numbers that are bfloat16.
func pairOf(lower, upper float32) float32 {
	return math.Float32frombits(math.Float32bits(lower)>>16 | math.Float32bits(upper))
}

func lower(pair float32) float32 { return math.Float32frombits(math.Float32bits(pair) << 16) }

func upper(pair float32) float32 { return math.Float32frombits(math.Float32bits(pair) &^ 0xffff) }

// addPairs adds to sum the products of two pairs as the processor does it: that of the upper numbers first, and each sum is
// rounded, and zero where float32 has it only denormal. The products are exact, unless they are denormal themselves.
func addPairs(sum, x, y float32) float32 {
	sum = noDenormal(sum + float32(upper(x)*upper(y)))
	return noDenormal(sum + float32(lower(x)*lower(y)))
}

func noDenormal(x float32) float32 {
	if b := math.Float32bits(x); b&exponentBits == 0 {
		return math.Float32frombits(b & signBit)
	}
	return x
}
