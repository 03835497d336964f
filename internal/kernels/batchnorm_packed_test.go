package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The passes over packed arrays are those over what is packed, to the bit.
func TestPackedBatchNorm(t *testing.T) {
	for _, shape := range [][2]int{{0, 4}, {1, 2}, {5, 8}, {70, 14}, {300, 16}, {99, 34}, {99, 64}, {3, 5000}, {40, 136}} {
		rows, c := shape[0], shape[1]
		r := newRand(uint64(c))
		x, short, g := randoms(r, rows*c), randoms(r, rows*c), randoms(r, rows*c)
		RoundBFloat16(x, x)
		RoundBFloat16(short, short)
		if rows > 3 {
			x[1], short[3], g[2] = nan32, inf32, nan32
		}
		px, pshort := make([]float32, Pairs(len(x))), make([]float32, Pairs(len(x)))
		ToBFloat16(px, x)
		ToBFloat16(pshort, short)
		scale, shift, mean, k2, k3 := randoms(r, c), randoms(r, c), randoms(r, c), randoms(r, c), randoms(r, c)
		equal := func(want, got []float32) {
			t.Helper()
			for i := range want {
				same(t, want[i], got[i], "%v: %d", shape, i)
			}
		}
		for _, relu := range []bool{false, true} {
			want := make([]float32, rows*c)
			for _, s := range [][]float32{nil, short} {
				got := newGuarded(make([]float32, rows*c))
				ScaleShift(want, x, scale, shift, s, rows, c, relu)
				ScaleShiftPacked(got.data, px, scale, shift, s, rows, c, relu)
				equal(want, got.data)
				got.check(t)
			}
			RoundBFloat16(want, want)
			for i, s := range [][]float32{short, pshort} {
				packed, got := newGuarded(make([]float32, Pairs(rows*c))), make([]float32, rows*c)
				ScaleShiftAddPacked(packed.data, px, scale, shift, s, i == 1, rows, c, relu)
				FromBFloat16(got, packed.data)
				equal(want, got)
				packed.check(t)
			}
		}
		for _, mask := range []string{"", "result", "input"} {
			var y, py, a, b []float32
			switch mask {
			case "result":
				y, py = short, pshort
			case "input":
				a, b = scale, shift
			}
			g1, g2 := append([]float32(nil), g...), newGuarded(g)
			sum, sumX, gotSum, gotSumX := randoms64(c), randoms64(c), randoms64(c), randoms64(c)
			BatchNormGradSums(g1, y, x, mean, a, b, rows, c, sum, sumX)
			BatchNormGradSumsPacked(g2.data, py, px, mean, a, b, rows, c, gotSum, gotSumX)
			equal(g1, g2.data)
			g2.check(t)
			for i := range sum {
				for _, s := range [][2]float64{{sum[i], gotSum[i]}, {sumX[i], gotSumX[i]}} { // added up in other parts
					if s[0] == s[0] || s[1] == s[1] {
						require.InEpsilon(t, 1+math.Abs(s[0]), 1+math.Abs(s[1]), 1e-10, "%v: %d", shape, i)
					}
				}
			}
			n := Norm{Mean: mean, K1: scale, K2: k2, K3: k3, Scale: a, Shift: b}
			want, got := make([]float32, rows*c), newGuarded(make([]float32, rows*c))
			n.gradInput(want, g, x, rows, c)
			n.gradInputPacked(got.data, g, px, rows, c)
			equal(want, got.data)
			got.check(t)
		}
	}
}
