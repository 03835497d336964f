package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSumExpColumnsAgainstRows(t *testing.T) {
	for _, rows := range []int{0, 1, 2, 17} {
		for _, cols := range []int{0, 1, 7, 8, 15, 16, 17, 33, 100} {
			ld := cols + 3
			x := randoms(newRand(uint64(cols)), rows*ld)
			for i := range x {
				x[i] *= 30
			}
			top, sum := newGuarded(make([]float32, cols)), newGuarded(make([]float32, cols))
			SumExpColumns(top.data, sum.data, x, rows, cols, ld)
			top.check(t)
			sum.check(t)
			for j := range cols {
				column := make([]float32, rows)
				for r := range column {
					column[r] = x[r*ld+j]
				}
				wantTop, wantSum := SumExp(column)
				require.Equal(t, wantTop, top.data[j], "%d×%d, column %d", rows, cols, j)
				near(t, []float64{wantSum}, sum.data[j:j+1], 1e-6, rows, cols, j)
			}
		}
	}
}

func TestSumExpColumnsExtremes(t *testing.T) {
	const cols = 20 // more than a vector
	for _, c := range []struct {
		name     string
		x        [2]float32
		top, sum float64
	}{
		{"masked", [2]float32{ninf32, 3}, 3, 1},
		{"far apart", [2]float32{-3e38, 3e38}, float64(float32(3e38)), 1},
		{"denormal", [2]float32{0, -103}, 0, 1},
	} {
		x := make([]float32, 2*cols)
		for j := range cols {
			x[j], x[cols+j] = c.x[0], c.x[1]
		}
		top, sum := make([]float32, cols), make([]float32, cols)
		SumExpColumns(top, sum, x, 2, cols, cols)
		for j := range cols {
			near(t, []float64{c.top, c.sum}, []float32{top[j], sum[j]}, 1e-7, c.name)
		}
	}
	for _, bad := range []float32{nan32, inf32} {
		for row := range 2 {
			x := make([]float32, 2*cols)
			x[row*cols+18] = bad
			top, sum := make([]float32, cols), make([]float32, cols)
			SumExpColumns(top, sum, x, 2, cols, cols)
			require.True(t, math.IsNaN(float64(sum[18])), "%v in row %d is lost", bad, row)
			require.Equal(t, float32(2), sum[17], "its neighbour")
		}
	}
}

func TestPairExpAgainstDefinition(t *testing.T) {
	for n := range 70 {
		r := newRand(uint64(n))
		x, top, scale := randoms(r, n), randoms(r, n), randoms(r, n)
		want := make([]float64, n)
		for j := range x {
			x[j], top[j] = 20*x[j], 20*x[j]+10*float32(math.Abs(float64(top[j])))
			want[j] = 0.25*math.Exp(float64(x[j])-60) + float64(scale[j])*math.Exp(float64(x[j])-float64(top[j]))
		}
		y := newGuarded(make([]float32, n))
		PairExp(y.data, x, top, scale, 60, 0.25)
		near(t, want, y.data, 1e-5, n) // the differences of numbers of about 60 have errors of 2e-6
		y.check(t)
		PairExp(x, x, top, scale, 60, 0.25)
		require.Equal(t, y.data, x, "in place")
	}
}

func TestPairExpExtremes(t *testing.T) {
	const n = 19
	x, top, scale, y := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	for j := range scale {
		scale[j] = 1
	}
	x[3], x[18], x[17] = ninf32, nan32, -1e30
	PairExp(y, x, top, scale, 1, 0.5)
	require.Zero(t, y[3])
	require.True(t, math.IsNaN(float64(y[18])))
	require.Zero(t, y[17])
	near(t, []float64{1 + 0.5*math.Exp(-1)}, y[:1], 1e-6)
}
