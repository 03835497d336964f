package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFirstNonFinite(t *testing.T) {
	for _, n := range elementSizes {
		x := randoms(newRand(1), n)
		require.Equal(t, -1, FirstNonFinite(x))
		for _, at := range []int{n - 1, n / 2, 0} { // the first one counts
			for _, bad := range []float32{nan32, inf32, ninf32} {
				if at >= 0 && at < n {
					x[at] = bad
					require.Equal(t, at, FirstNonFinite(x))
				}
			}
		}
	}
}

func TestSumSquares(t *testing.T) {
	for _, n := range elementSizes {
		x := randoms(newRand(1), n)
		var want float64
		for _, v := range x {
			want += float64(v) * float64(v)
		}
		require.InDelta(t, want, SumSquares(x), 1e-9*max(1, want))
	}
	big := []float32{3e30, 4e30}
	require.InEpsilon(t, 25e60, SumSquares(big), 1e-6)
}

func TestRowVectorAndColumnSums(t *testing.T) {
	for _, s := range rowShapes {
		rows, cols := s[0], s[1]
		r := newRand(1)
		y, v := newGuarded(randoms(r, rows*cols)), randoms(r, cols)
		dst := newGuarded(randoms(r, cols))
		want, wantSums := toFloat64(y.data), toFloat64(dst.data)
		for i := range want {
			wantSums[i%cols] += want[i]
			want[i] += float64(v[i%cols])
		}
		ColumnSums(dst.data, y.data, rows, cols)
		near(t, wantSums, dst.data, 1e-6, s)
		dst.check(t)
		AddRowVector(y.data, v, rows, cols)
		near(t, want, y.data, 1e-6, s)
		y.check(t)
	}
}

func TestReductionsSameBits(t *testing.T) {
	const rows, cols = 7001, 11
	x := randoms(newRand(1), rows*cols)
	sameBits(t, func() []float32 {
		dst := make([]float32, cols)
		ColumnSums(dst, x, rows, cols)
		sq := SumSquares(x)
		return append(dst, float32(sq), float32(sq-float64(float32(sq))))
	})
}
