package blas

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

func randoms(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func TestSgemmAgainstGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	transposes := []blas.Transpose{blas.NoTrans, blas.Trans, blas.ConjTrans}
	for _, tA := range transposes {
		for _, tB := range transposes {
			for _, size := range [][3]int{{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {7, 5, 9}, {65, 33, 70}, {64, 130, 300}} {
				for _, scalars := range [][2]float32{{1, 0}, {0, 1}, {1, 1}, {0, 0}, {-2, 0.5}} {
					m, n, k := size[0], size[1], size[2]
					lda, ldb, ldc := k, n, n+r.IntN(3)
					if tA != blas.NoTrans {
						lda = m
					}
					if tB != blas.NoTrans {
						ldb = k
					}
					lda, ldb, ldc = max(1, lda+r.IntN(3)), max(1, ldb+r.IntN(3)), max(1, ldc)
					a, b, c := randoms(r, max(m, k)*lda), randoms(r, max(n, k)*ldb), randoms(r, m*ldc)
					want := append([]float32(nil), c...)
					gonum.Implementation{}.Sgemm(tA, tB, m, n, k, scalars[0], a, lda, b, ldb, scalars[1], want, ldc)
					Implementation{}.Sgemm(tA, tB, m, n, k, scalars[0], a, lda, b, ldb, scalars[1], c, ldc)
					for i := range want {
						require.InDelta(t, want[i], c[i], 3e-4, "%c%c %v %v element %d", tA, tB, size, scalars, i)
					}
				}
			}
		}
	}
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

func BenchmarkSgemm(b *testing.B) {
	for _, n := range []int{128, 512} {
		for _, impl := range []blas.Float32{Implementation{}, gonum.Implementation{}} {
			b.Run(fmt.Sprintf("%d/%T", n, impl), func(b *testing.B) {
				r := rand.New(rand.NewPCG(1, 1))
				x, y, z := randoms(r, n*n), randoms(r, n*n), make([]float32, n*n)
				for b.Loop() {
					impl.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, x, n, y, n, 0, z, n)
				}
				b.ReportMetric(2*float64(n*n*n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}
