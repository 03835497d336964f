package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpRowsAgainstDefinition(t *testing.T) {
	for _, s := range [][2]int{{0, 3}, {1, 1}, {7, 5}, {64, 10}, {3, 1000}, {300, 100}} {
		rows, cols := s[0], s[1]
		x := randoms(newRand(1), rows*cols)
		Scale(x, 10)
		lse, soft, logSoft := make([]float64, rows), make([]float64, rows*cols), make([]float64, rows*cols)
		for r := range rows {
			var sum float64
			for _, v := range x[r*cols : (r+1)*cols] {
				sum += math.Exp(float64(v))
			}
			lse[r] = math.Log(sum)
			for j, v := range x[r*cols : (r+1)*cols] {
				soft[r*cols+j] = math.Exp(float64(v)) / sum
				logSoft[r*cols+j] = float64(v) - lse[r]
			}
		}
		out, y := newGuarded(make([]float32, rows)), newGuarded(make([]float32, rows*cols))
		LogSumExpRows(out.data, x, rows, cols)
		near(t, lse, out.data, 1e-6)
		out.check(t)
		SoftmaxRows(y.data, x, rows, cols)
		near(t, soft, y.data, 1e-6)
		LogSoftmaxRows(y.data, x, rows, cols)
		near(t, logSoft, y.data, 1e-6)
		y.check(t)
		LogSoftmaxRows(x, x, rows, cols)
		require.Equal(t, y.data, x, "in place")
	}
}

func TestExpRowsExtremes(t *testing.T) {
	nan, inf, ninf := math.NaN(), math.Inf(1), math.Inf(-1)
	for _, c := range []struct {
		name               string
		x                  []float32
		lse                float64
		softmax, logsoftmx []float64
	}{
		{"large", []float32{3e38, 3e38}, float64(float32(3e38)), []float64{0.5, 0.5}, []float64{0, 0}},
		{"small", []float32{-1e4, -1e4}, -1e4 + math.Ln2, []float64{0.5, 0.5}, nil},
		{"masked", []float32{1, ninf32, 1}, 1 + math.Ln2, []float64{0.5, 0, 0.5}, []float64{-math.Ln2, ninf, -math.Ln2}},
		{"all masked", []float32{ninf32, ninf32}, ninf, []float64{0, 0}, []float64{ninf, ninf}},
		{"NaN", []float32{1, nan32, ninf32}, nan, []float64{nan, nan, nan}, []float64{nan, nan, nan}},
		{"+Inf", []float32{1, inf32}, inf, nil, nil},
	} {
		lse, y := make([]float32, 1), make([]float32, len(c.x))
		LogSumExpRows(lse, c.x, 1, len(c.x))
		near(t, []float64{c.lse}, lse, 1e-6, c.name)
		if c.softmax != nil {
			SoftmaxRows(y, c.x, 1, len(c.x))
			near(t, c.softmax, y, 1e-6, c.name)
		}
		if c.logsoftmx != nil {
			LogSoftmaxRows(y, c.x, 1, len(c.x))
			near(t, c.logsoftmx, y, 1e-6, c.name)
		}
	}
	lse := []float32{1, 1}
	LogSumExpRows(lse, nil, 2, 0)
	require.Equal(t, []float32{ninf32, ninf32}, lse)
}

func TestSoftmaxOfPositiveInfinityIsNotFinite(t *testing.T) {
	y := make([]float32, 2)
	SoftmaxRows(y, []float32{1, inf32}, 1, 2)
	require.True(t, y[1] != y[1])
}

func TestRowsSameBits(t *testing.T) {
	const rows, cols = 999, 37
	x := randoms(newRand(1), rows*cols)
	sameBits(t, func() []float32 {
		a, b, c := make([]float32, rows*cols), make([]float32, rows*cols), make([]float32, rows)
		SoftmaxRows(a, x, rows, cols)
		NormalizeRows(b, c, x, rows, cols, 1e-12)
		return append(append(a, b...), c...)
	})
}
