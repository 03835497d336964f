package kernels

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

type gemmCase struct {
	transA, transB            bool
	m, n, k, padA, padB, padC int
	alpha, beta               float32
}

func (g gemmCase) leading() (lda, ldb, ldc int) {
	lda, ldb, ldc = g.k, g.n, g.n
	if g.transA {
		lda = g.m
	}
	if g.transB {
		ldb = g.k
	}
	return lda + g.padA, ldb + g.padB, ldc + g.padC
}

// naive is the definition, in float64.
func (g gemmCase) naive(a, b, c []float32) []float64 {
	lda, ldb, ldc := g.leading()
	want := toFloat64(c)
	for i := range g.m {
		for j := range g.n {
			var sum float64
			for p := range g.k {
				x, y := i*lda+p, p*ldb+j
				if g.transA {
					x = p*lda + i
				}
				if g.transB {
					y = j*ldb + p
				}
				sum += float64(a[x]) * float64(b[y])
			}
			at := i*ldc + j
			want[at] = float64(g.alpha) * sum
			if g.beta != 0 {
				want[at] += float64(g.beta) * float64(c[at])
			}
		}
	}
	return want
}

func (g gemmCase) run(t *testing.T, seed uint64) {
	t.Helper()
	r := newRand(seed)
	lda, ldb, ldc := g.leading()
	a := randoms(r, max(g.m, g.k)*lda)
	b := randoms(r, max(g.n, g.k)*ldb)
	c := newGuarded(randoms(r, g.m*ldc))
	before := slices.Clone(c.data)
	if g.beta == 0 {
		for i := range g.m {
			for j := range g.n {
				c.data[i*ldc+j] = nan32
			}
		}
	}
	want := g.naive(a, b, before)
	Gemm(g.transA, g.transB, g.m, g.n, g.k, g.alpha, a, lda, b, ldb, g.beta, c.data, ldc)
	near(t, want, c.data, 6e-5*max(1, float64(g.k)/600), fmt.Sprintf("%+v", g))
	c.check(t)
}

func TestGemmSizes(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 4, 5, 7, 8, 15, 31, 33, 63, 64, 65, 70}
	r := newRand(1)
	scalars := []float32{0, 1, -0.5, 2.25}
	for _, transA := range []bool{false, true} {
		for _, transB := range []bool{false, true} {
			for _, m := range sizes {
				for _, n := range sizes {
					g := gemmCase{
						transA: transA, transB: transB, m: m, n: n, k: sizes[r.IntN(len(sizes))],
						padA: r.IntN(4), padB: r.IntN(4), padC: r.IntN(4),
						alpha: scalars[r.IntN(4)], beta: scalars[r.IntN(4)],
					}
					g.run(t, uint64(m*100+n))
				}
			}
			for _, k := range sizes {
				gemmCase{transA: transA, transB: transB, m: 5, n: 6, k: k, alpha: 1}.run(t, uint64(k))
			}
			gemmCase{transA: transA, transB: transB, m: 131, n: 77, k: 1201, alpha: 1, beta: 1}.run(t, 5)
			gemmCase{transA: transA, transB: transB, m: 80, n: 530, k: 9, alpha: 1, beta: -1}.run(t, 7)
			gemmCase{transA: transA, transB: transB, m: manyBlocks*blockRows + 5, n: blockCols + 18, k: 3, alpha: 1}.run(t, 8)
			gemmCase{transA: transA, transB: transB, m: 1, n: 300, k: 1025, padA: 3, alpha: 1}.run(t, 6)
		}
	}
}

func TestGemmNonFinite(t *testing.T) {
	for _, bad := range []float32{nan32, inf32, ninf32} {
		for _, trans := range []bool{false, true} {
			g := gemmCase{transA: trans, transB: trans, m: 5, n: 7, k: 9, alpha: 1}
			lda, ldb, ldc := g.leading()
			r := newRand(3)
			a, b, c := randoms(r, 45), randoms(r, 63), make([]float32, 35)
			a[len(a)/2] = bad
			want := g.naive(a, b, c)
			Gemm(trans, trans, 5, 7, 9, 1, a, lda, b, ldb, 0, c, ldc)
			near(t, want, c, 1e-5)
			require.GreaterOrEqual(t, FirstNonFinite(c), 0)
		}
	}
}

func TestGemmAlphaZeroReadsNothing(t *testing.T) {
	c := []float32{1, 2, 3, 4}
	Gemm(false, false, 2, 2, 3, 0, nil, 3, nil, 2, 2, c, 2)
	require.Equal(t, []float32{2, 4, 6, 8}, c)
	Gemm(true, true, 2, 2, 0, 1, nil, 2, nil, 1, 0, c, 2)
	require.Equal(t, make([]float32, 4), c)
}

func TestGemmSameBits(t *testing.T) {
	r := newRand(4)
	a, b := randoms(r, 150*1100), randoms(r, 1100*170)
	for _, trans := range []bool{false, true} {
		g := gemmCase{transA: trans, transB: trans, m: 150, n: 170, k: 1100}
		lda, ldb, ldc := g.leading()
		sameBits(t, func() []float32 {
			c := make([]float32, 150*170)
			Gemm(trans, trans, 150, 170, 1100, 1, a, lda, b, ldb, 0, c, ldc)
			return c
		})
	}
}

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{128, 256, 1024} {
		for _, trans := range []string{"NN", "NT", "TN"} {
			b.Run(fmt.Sprintf("%d/%s", n, trans), func(b *testing.B) {
				r := newRand(1)
				x, y, z := randoms(r, n*n), randoms(r, n*n), make([]float32, n*n)
				for b.Loop() {
					Gemm(trans[0] == 'T', trans[1] == 'T', n, n, n, 1, x, n, y, n, 0, z, n)
				}
				reportFlops(b, int64(n)*int64(n)*int64(n))
			})
		}
	}
}

func reportFlops(b *testing.B, macs int64) {
	b.ReportMetric(2*float64(macs)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
