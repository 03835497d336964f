package blas

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

func randoms(n int) []float32 {
	r := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// compare times ours and gonum's at each size n, which takes flops(n) operations.
func compare(b *testing.B, sizes []int, flops func(n int) float64, prepare func(n int) func(impl blas.Float32)) {
	for _, n := range sizes {
		run := prepare(n)
		for _, c := range []struct {
			name string
			impl blas.Float32
		}{{"ours", Implementation{}}, {"gonum", gonum.Implementation{}}} {
			b.Run(fmt.Sprintf("%d/%s", n, c.name), func(b *testing.B) {
				for b.Loop() {
					run(c.impl)
				}
				b.ReportMetric(flops(n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}

var vectorLengths = []int{10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000}

func BenchmarkSdot(b *testing.B) {
	compare(b, vectorLengths, func(n int) float64 { return 2 * float64(n) }, func(n int) func(blas.Float32) {
		x, y := randoms(n), randoms(n)
		return func(impl blas.Float32) { impl.Sdot(n, x, 1, y, 1) }
	})
}

func BenchmarkSaxpy(b *testing.B) {
	compare(b, vectorLengths, func(n int) float64 { return 2 * float64(n) }, func(n int) func(blas.Float32) {
		x, y := randoms(n), randoms(n)
		return func(impl blas.Float32) { impl.Saxpy(n, 1e-9, x, 1, y, 1) }
	})
}

func BenchmarkSgemv(b *testing.B) {
	for _, tA := range []blas.Transpose{blas.NoTrans, blas.Trans} {
		b.Run(string(rune(tA)), func(b *testing.B) {
			sizes := []int{4, 16, 64, 300, 1000, 4000}
			compare(b, sizes, func(n int) float64 { return 2 * float64(n*n) }, func(n int) func(blas.Float32) {
				a, x, y := randoms(n*n), randoms(n), make([]float32, n)
				return func(impl blas.Float32) { impl.Sgemv(tA, n, n, 1, a, n, x, 1, 0, y, 1) }
			})
		})
	}
}

func BenchmarkSgemm(b *testing.B) {
	compare(b, []int{16, 128, 512}, func(n int) float64 { return 2 * float64(n*n*n) }, func(n int) func(blas.Float32) {
		x, y, z := randoms(n*n), randoms(n*n), make([]float32, n*n)
		return func(impl blas.Float32) { impl.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, x, n, y, n, 0, z, n) }
	})
}
