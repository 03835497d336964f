package kernels

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain runs all tests at every level of this processor, and benchmarks at the one in use.
func TestMain(m *testing.M) {
	flag.Parse()
	best := current
	for current = generic; current <= best; current++ {
		if flag.Lookup("test.bench").Value.String() != "" {
			current = best
		}
		if code := m.Run(); code != 0 {
			fmt.Println("failed at level", current)
			os.Exit(code)
		}
	}
}

func TestChosenLevelOnlyDowngrades(t *testing.T) {
	for _, c := range []struct {
		supported level
		name      string
		want      level
	}{
		{avx512, "", avx512}, {avx512, "avx512", avx512}, {avx512, "avx2", avx2}, {avx512, "generic", generic},
		{avx2, "avx512", avx2}, {avx2, "avx2", avx2}, {generic, "avx512", generic}, {avx512, "sse9", avx512},
	} {
		require.Equal(t, c.want, chosenLevel(c.supported, c.name), "%v %q", c.supported, c.name)
	}
	require.Equal(t, current.String(), Level())
}

// TestLevelsAgree compares the result of a product, whose terms are added in the same order at every level, with that of
// pure Go. Fused multiply-adds make the difference.
func TestLevelsAgree(t *testing.T) {
	here := current
	defer func() { current = here }()
	r := newRand(5)
	const m, n, k = 37, 53, 200
	a, b, want, got := randoms(r, m*k), randoms(r, k*n), make([]float32, m*n), make([]float32, m*n)
	Gemm(false, false, m, n, k, 1, a, k, b, n, 0, got, n)
	current = generic
	Gemm(false, false, m, n, k, 1, a, k, b, n, 0, want, n)
	near(t, toFloat64(want), got, 2e-5)
}
