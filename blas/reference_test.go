package blas

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// epsilon is the machine epsilon of float32.
const epsilon = 0x1p-23

// checked is a double-precision BLAS that does each operation in single precision too, by Implementation, from the
// arguments rounded, and requires the result to be gonum's double-precision one for these, up to most epsilons of the
// sum of the magnitudes of its terms. Operands are given as slices, all of which is compared.
type checked struct {
	t     testing.TB
	most  float64
	worst *float64 // the largest error so far, in the same unit, where it is kept
}

func (c checked) Dgemm(tA, tB blas.Transpose, m, n, k int, alpha float64, a []float64, lda int, b []float64, ldb int,
	beta float64, y []float64, ldc int) {
	a32, b32, y32 := single(a), single(b), single(y)
	Implementation{}.Sgemm(tA, tB, m, n, k, float32(alpha), a32, lda, b32, ldb, float32(beta), y32, ldc)
	run := func(f func(float64) float64) []float64 {
		a, b, y := double(single(a), f), double(single(b), f), double(single(y), f)
		gonum.Implementation{}.Dgemm(tA, tB, m, n, k, f(alpha), a, lda, b, ldb, f(beta), y, ldc)
		return y
	}
	require.True(c.t, sameBits(single(a), a32), "a changed")
	require.True(c.t, sameBits(single(b), b32), "b changed")
	c.near(run(same), run(math.Abs), y32, "Sgemm %c %c m=%d n=%d k=%d alpha=%g lda=%d ldb=%d beta=%g ldc=%d",
		tA, tB, m, n, k, alpha, lda, ldb, beta, ldc)
	gonum.Implementation{}.Dgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, y, ldc)
}

func (c checked) Dgemv(tA blas.Transpose, m, n int, alpha float64, a []float64, lda int, x []float64, incX int,
	beta float64, y []float64, incY int) {
	a32, x32, y32 := single(a), single(x), single(y)
	Implementation{}.Sgemv(tA, m, n, float32(alpha), a32, lda, x32, incX, float32(beta), y32, incY)
	run := func(f func(float64) float64) []float64 {
		a, x, y := double(single(a), f), double(single(x), f), double(single(y), f)
		gonum.Implementation{}.Dgemv(tA, m, n, f(alpha), a, lda, x, incX, f(beta), y, incY)
		return y
	}
	require.True(c.t, sameBits(single(a), a32), "a changed")
	require.True(c.t, sameBits(single(x), x32), "x changed")
	c.near(run(same), run(math.Abs), y32, "Sgemv %c m=%d n=%d alpha=%g lda=%d incX=%d beta=%g incY=%d",
		tA, m, n, alpha, lda, incX, beta, incY)
	gonum.Implementation{}.Dgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
}

func (c checked) Daxpy(n int, alpha float64, x []float64, incX int, y []float64, incY int) {
	x32, y32 := single(x), single(y)
	Implementation{}.Saxpy(n, float32(alpha), x32, incX, y32, incY)
	run := func(f func(float64) float64) []float64 {
		x, y := double(single(x), f), double(single(y), f)
		gonum.Implementation{}.Daxpy(n, f(alpha), x, incX, y, incY)
		return y
	}
	require.True(c.t, sameBits(single(x), x32), "x changed")
	c.near(run(same), run(math.Abs), y32, "Saxpy n=%d alpha=%g incX=%d incY=%d", n, alpha, incX, incY)
	gonum.Implementation{}.Daxpy(n, alpha, x, incX, y, incY)
}

func (c checked) Ddot(n int, x []float64, incX int, y []float64, incY int) float64 {
	got := Implementation{}.Sdot(n, single(x), incX, single(y), incY)
	run := func(f func(float64) float64) []float64 {
		return []float64{gonum.Implementation{}.Ddot(n, double(single(x), f), incX, double(single(y), f), incY)}
	}
	c.near(run(same), run(math.Abs), []float32{got}, "Sdot n=%d incX=%d incY=%d", n, incX, incY)
	return gonum.Implementation{}.Ddot(n, x, incX, y, incY)
}

func (c checked) near(want, magnitude []float64, got []float32, format string, args ...any) {
	require.Len(c.t, got, len(want))
	for i, w := range want {
		g := float64(got[i])
		if w == g || math.IsNaN(w) && math.IsNaN(g) {
			continue
		}
		e := math.Abs(w-g) / (epsilon * magnitude[i])
		if c.worst != nil {
			*c.worst = max(*c.worst, e)
		}
		if !(e <= c.most) {
			require.Failf(c.t, "too far from double precision", "element %d: want %g, got %g, %.1f epsilons; "+format,
				append([]any{i, w, g, e}, args...)...)
		}
	}
}

func same(v float64) float64 { return v }

func single(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

func double(x []float32, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(float64(v))
	}
	return y
}

func sameBits(x, y []float32) bool {
	return slices.EqualFunc(x, y, func(v, w float32) bool { return math.Float32bits(v) == math.Float32bits(w) })
}

// strided returns n random elements inc apart, NaN between and after them.
func strided(r *rand.Rand, n, inc int) []float64 {
	inc = max(inc, -inc)
	x := make([]float64, max(0, (n-1)*inc+1+r.IntN(3)))
	for i := range x {
		x[i] = math.NaN()
	}
	for i := range n {
		x[i*inc] = r.NormFloat64()
	}
	return x
}

// matrix returns a random matrix in rows ld apart, NaN between and after them.
func matrix(r *rand.Rand, rows, cols, ld int) []float64 {
	a := make([]float64, rows*ld+r.IntN(3))
	for i := range a {
		a[i] = math.NaN()
	}
	for i := range rows {
		for j := range cols {
			a[i*ld+j] = r.NormFloat64()
		}
	}
	return a
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
