package blas

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/longtail-ml/longtail/internal/kernels"
)

func TestSgemm(t *testing.T) {
	var worst float64
	r := rand.New(rand.NewPCG(1, 1))
	check := func(tA, tB blas.Transpose, m, n, k int) {
		rowsA, colsA, rowsB, colsB := m, k, k, n
		if tA != blas.NoTrans {
			rowsA, colsA = k, m
		}
		if tB != blas.NoTrans {
			rowsB, colsB = n, k
		}
		lda, ldb, ldc := max(1, colsA+r.IntN(3)), max(1, colsB+r.IntN(3)), max(1, n+r.IntN(3))
		checked{t: t, most: 6, worst: &worst}.Dgemm(tA, tB, m, n, k, pick(r, scalars...),
			matrix(r, rowsA, colsA, lda), lda, matrix(r, rowsB, colsB, ldb), ldb,
			pick(r, scalars...), matrix(r, m, n, ldc), ldc)
	}
	for _, tA := range transposes {
		for _, tB := range transposes {
			for size := range 71 { // each size in each place
				check(tA, tB, size, r.IntN(71), r.IntN(71))
				check(tA, tB, r.IntN(71), size, r.IntN(71))
				check(tA, tB, r.IntN(71), r.IntN(71), size)
			}
			check(tA, tB, 64, 130, 300)
			check(tA, tB, 150, 520, 257)
			check(tA, tB, 3, 2, 5000)
		}
	}
	t.Logf("%s: largest error %.2f epsilons", kernels.Level(), worst)
}

func TestSgemmShortestSlices(t *testing.T) {
	a, b, c := make([]float32, 3*5+2), make([]float32, 1*5+3), make([]float32, 3*5+3)
	require.NotPanics(t, func() {
		Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, 4, 3, 2, 1, a, 5, b, 5, 0, c, 5)
	})
}

func TestSgemmPanicsAsGonum(t *testing.T) {
	type call struct {
		tA, tB  blas.Transpose
		m, n, k int
		la, lda int
		lb, ldb int
		lc, ldc int
	}
	ok := call{blas.NoTrans, blas.Trans, 4, 3, 2, 8, 2, 6, 2, 12, 3}
	for i, change := range []func(*call){
		func(c *call) { c.tA = 'x' }, func(c *call) { c.tB = 0 },
		func(c *call) { c.m = -1 }, func(c *call) { c.n = -1 }, func(c *call) { c.k = -1 },
		func(c *call) { c.lda = 1 }, func(c *call) { c.ldb = 1 }, func(c *call) { c.ldc = 2 },
		func(c *call) { c.la = 7 }, func(c *call) { c.lb = 5 }, func(c *call) { c.lc = 11 },
		func(c *call) { c.tA = blas.Trans; c.lda = 3 },
		func(c *call) { c.tB = blas.NoTrans; c.ldb = 2 },
		func(c *call) { c.tA = blas.ConjTrans; c.lda = 4; c.la = 7 },
	} {
		c := ok
		change(&c)
		run := func(impl blas.Float32) (message any) {
			defer func() { message = recover() }()
			impl.Sgemm(c.tA, c.tB, c.m, c.n, c.k, 1, make([]float32, c.la), c.lda, make([]float32, c.lb), c.ldb,
				0, make([]float32, c.lc), c.ldc)
			return nil
		}
		want := run(gonum.Implementation{})
		require.NotNil(t, want, "case %d", i)
		require.Equal(t, want, run(Implementation{}), "case %d", i)
	}
}

func TestSgemmBetaZeroIgnoresC(t *testing.T) {
	c := []float32{float32(math.NaN())}
	Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, 1, 1, 1, 1, []float32{2}, 1, []float32{3}, 1, 0, c, 1)
	require.Equal(t, []float32{6}, c)
}
