package blas

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas"
	"pgregory.net/rapid"
)

// Sizes whose products overflow are refused in words, before anything is read.
func TestHostileSizes(t *testing.T) {
	sizes := []int{0, 1, 2, 3, 9, 1 << 20, math.MaxInt >> 32, math.MaxInt>>31 + 1, math.MaxInt>>10 + 1, math.MaxInt>>3 + 1, math.MaxInt>>2 + 1, math.MaxInt>>2 + 2, math.MaxInt>>1 + 1, math.MaxInt - 1, math.MaxInt,
		-1, -2, -(math.MaxInt>>2 + 1), -(math.MaxInt>>1 + 1), math.MinInt + 1, math.MinInt}
	rapid.Check(t, func(t *rapid.T) {
		size := func(name string) int { return rapid.SampledFrom(sizes).Draw(t, name) }
		data := func(name string) []float32 {
			return make([]float32, rapid.SampledFrom([]int{0, 1, 2, 9, 64}).Draw(t, name))
		}
		tA, tB := rapid.SampledFrom(transposes).Draw(t, "tA"), rapid.SampledFrom(transposes).Draw(t, "tB")
		m, n, k := size("m"), size("n"), size("k")
		a, b, c := data("a"), data("b"), data("c")
		lda, ldb, ldc := size("lda"), size("ldb"), size("ldc")
		incX, incY := size("incX"), size("incY")
		for name, call := range map[string]func(){
			"Sgemm": func() { Implementation{}.Sgemm(tA, tB, m, n, k, 1, a, lda, b, ldb, 1, c, ldc) },
			"Sgemv": func() { Implementation{}.Sgemv(tA, m, n, 1, a, lda, b, incX, 1, c, incY) },
			"Sdot":  func() { Implementation{}.Sdot(n, a, incX, b, incY) },
			"Saxpy": func() { Implementation{}.Saxpy(n, 2, a, incX, b, incY) },
		} {
			what := recovered(call)
			if err, ok := what.(runtime.Error); ok {
				t.Fatalf("%s: %v", name, err)
			}
			if text, ok := what.(string); what != nil && (!ok || !strings.HasPrefix(text, "blas: ")) {
				t.Fatalf("%s: %v", name, what)
			}
		}
	})
}

// Each of these read beyond its slice, which no recover stops.
func TestOverflowingStrides(t *testing.T) {
	one, nine := make([]float32, 1), make([]float32, 9)
	for what, call := range map[string]func(){
		"length of a": func() {
			Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, 9, 1, 1, 1, one, math.MaxInt>>2+1, one, 1, 0, nine, 1)
		},
		"length of b": func() {
			Implementation{}.Sgemm(blas.NoTrans, blas.Trans, 1, 9, 1, 1, one, 1, one, math.MaxInt>>2+1, 0, nine, 9)
		},
		"length of c": func() {
			Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, 9, 1, 1, 1, nine, 1, one, 1, 0, one, math.MaxInt>>2+1)
		},
		"of a":        func() { Implementation{}.Sgemv(blas.NoTrans, 9, 1, 1, one, math.MaxInt>>2+1, one, 1, 0, nine, 1) },
		"length of x": func() { Implementation{}.Sdot(9, one, math.MaxInt>>2+1, nine, 1) },
		"length of y": func() { Implementation{}.Saxpy(9, 1, nine, 1, one, -(math.MaxInt>>2 + 1)) },
	} {
		require.Contains(t, recovered(call), what)
	}
	require.True(t, slices.Equal(nine, make([]float32, 9)))
}

func recovered(f func()) (what any) {
	defer func() { what = recover() }()
	f()
	return nil
}
