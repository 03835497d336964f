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
	todo := available(supported())
	if flag.Lookup("test.bench").Value.String() != "" {
		todo = []level{current}
	}
	for _, current = range todo {
		if code := m.Run(); code != 0 {
			fmt.Println("failed at level", Level())
			os.Exit(code)
		}
	}
}

func TestChosenLevelOnlyDowngrades(t *testing.T) {
	for _, c := range []struct {
		supported  instructions
		name, want string
	}{
		{avx2 | avx512, "", "avx512"}, {avx2 | avx512, "avx512", "avx512"}, {avx2 | avx512, "avx2", "avx2"},
		{avx2 | avx512, "generic", "generic"}, {avx2 | avx512, "sse9", "avx512"}, {avx2, "avx512", "avx2"},
		{avx2, "avx2", "avx2"}, {0, "avx512", "generic"}, {avx512, "avx512", "generic"}, // it uses AVX2 as well
	} {
		require.Equal(t, c.want, chosenLevel(c.supported, c.name).name, "%v %q", c.supported, c.name)
	}
}

func TestLevelsAreNamedFromTheBest(t *testing.T) {
	names := Levels()
	require.Contains(t, names, Level())
	require.Equal(t, "generic", names[len(names)-1])
	require.Equal(t, chosenLevel(supported(), "").name, names[0])
}

func TestALevelThatIsNoneIsTold(t *testing.T) {
	require.NoError(t, checkVariable(""))
	for _, name := range Levels() {
		require.NoError(t, checkVariable(name))
	}
	for _, name := range []string{"foo", "AVX2", "avx512 ", "neonx"} {
		err := checkVariable(name)
		require.ErrorContains(t, err, fmt.Sprintf("LONGTAIL_CPU is %q", name))
		require.ErrorContains(t, err, "generic")
	}
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
	current = levels[0]
	Gemm(false, false, m, n, k, 1, a, k, b, n, 0, want, n)
	near(t, toFloat64(want), got, 2e-5)
}
