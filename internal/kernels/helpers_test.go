package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func randoms(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// guarded is a buffer with marked words on either side; check reports writes outside.
type guarded struct {
	data []float32
	all  []float32
}

const (
	guardWords = 19
	guardValue = float32(-12345.5)
)

func newGuarded(content []float32) guarded {
	all := make([]float32, len(content)+2*guardWords)
	for i := range all {
		all[i] = guardValue
	}
	data := all[guardWords : guardWords+len(content)]
	copy(data, content)
	return guarded{data, all}
}

func (g guarded) check(t testing.TB) {
	t.Helper()
	for i := range guardWords {
		require.Equal(t, guardValue, g.all[i], "word %d before the buffer", i)
		require.Equal(t, guardValue, g.all[len(g.all)-1-i], "word %d from the end after the buffer", i)
	}
}

// near requires got to be want, made in float64, up to a tolerance relative to max(1, |want|).
func near(t testing.TB, want []float64, got []float32, tolerance float64, context ...any) {
	t.Helper()
	require.Len(t, got, len(want), context...)
	for i, w := range want {
		g := float64(got[i])
		if w == g || math.IsNaN(w) && math.IsNaN(g) || math.Abs(w-g) <= tolerance*max(1, math.Abs(w)) {
			continue
		}
		require.Failf(t, "values differ", "element %d: want %g, got %g; %s", i, w, g, fmt.Sprint(context...))
	}
}

// sameBits runs f, which returns a result, under several values of GOMAXPROCS and requires the same bits.
func sameBits(t *testing.T, f func() []float32) {
	t.Helper()
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	var first []float32
	for _, procs := range []int{1, 2, 3, 7} {
		runtime.GOMAXPROCS(procs)
		got := f()
		if first == nil {
			first = got
		}
		require.Len(t, got, len(first))
		for i := range got {
			require.Equal(t, math.Float32bits(first[i]), math.Float32bits(got[i]), "element %d, GOMAXPROCS %d", i, procs)
		}
	}
}

func toFloat64(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

var (
	nan32  = float32(math.NaN())
	inf32  = float32(math.Inf(1))
	ninf32 = float32(math.Inf(-1))
)
