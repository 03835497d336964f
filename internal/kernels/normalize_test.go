package kernels

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNormalizeRows(t *testing.T) {
	shapes := [][2]int{{0, 3}, {1, 1}, {7, 5}, {70, 128}, {3, 20001}, {2, 1000}}
	for cols := range 70 {
		shapes = append(shapes, [2]int{3, cols + 1})
	}
	for _, s := range shapes {
		rows, cols := s[0], s[1]
		r := newRand(1)
		x, dy := randoms(r, rows*cols), randoms(r, rows*cols)
		dx := newGuarded(randoms(r, rows*cols))
		wantY, wantNorm, wantDX := make([]float64, rows*cols), make([]float64, rows), toFloat64(dx.data)
		for i := range rows {
			var sq, dot float64
			for j := i * cols; j < (i+1)*cols; j++ {
				sq += float64(x[j]) * float64(x[j])
				dot += float64(x[j]) * float64(dy[j])
			}
			wantNorm[i] = math.Sqrt(sq)
			for j := i * cols; j < (i+1)*cols; j++ {
				wantY[j] = float64(x[j]) / wantNorm[i]
				// The derivative of x/√(x·x), written out in x.
				wantDX[j] += float64(dy[j])/wantNorm[i] - float64(x[j])*dot/(sq*wantNorm[i])
			}
		}
		y, norms := newGuarded(make([]float32, rows*cols)), newGuarded(make([]float32, rows))
		NormalizeRows(y.data, norms.data, x, rows, cols, 1e-12)
		near(t, wantY, y.data, 1e-6)
		near(t, wantNorm, norms.data, 1e-6)
		y.check(t)
		norms.check(t)
		NormalizeRowsGrad(dx.data, dy, y.data, norms.data, rows, cols, 1e-12)
		near(t, wantDX, dx.data, 1e-5)
		dx.check(t)
		NormalizeRows(x, norms.data, x, rows, cols, 1e-12)
		require.Equal(t, y.data, x, "in place")
	}
}

func TestNormalizeRowsNonFinite(t *testing.T) {
	const cols = 37
	for j := range cols {
		x := randoms(newRand(1), 3*cols)
		x[cols+j] = inf32
		y, norms := make([]float32, 3*cols), make([]float32, 3)
		NormalizeRows(y, norms, x, 3, cols, 1e-12)
		require.Equal(t, inf32, norms[1])
		require.Equal(t, -1, FirstNonFinite(y[:cols+j]), "finite over infinity is 0")
		require.True(t, y[cols+j] != y[cols+j])
		require.Equal(t, -1, FirstNonFinite(y[cols+j+1:]))
	}
}

func TestNormalizeRowsExtremes(t *testing.T) {
	y, norms := make([]float32, 8), make([]float32, 4)
	x := []float32{0, 0, 3e-20, 4e-20, 3e30, 4e30, nan32, 1}
	NormalizeRows(y, norms, x, 4, 2, 1e-12)
	require.Equal(t, []float32{0, 0}, y[:2])
	require.InDelta(t, 3e-8, y[2], 1e-14, "below eps: divided by eps")
	require.InDelta(t, 5e-20, norms[1], 1e-26)
	require.InDelta(t, 0.6, y[4], 1e-7, "squares would overflow float32")
	require.True(t, y[6] != y[6] && y[7] != y[7] && norms[3] != norms[3])

	dx := make([]float32, 8)
	NormalizeRowsGrad(dx, []float32{1, 2, 3, 4, 5, 6, 7, 8}, y, norms, 4, 2, 1e-12)
	require.Equal(t, make([]float32, 4), dx[:4], "no gradient below eps")
	require.True(t, dx[6] != dx[6])
}
