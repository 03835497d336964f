package autograd_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/stretchr/testify/require"
)

func TestFloatsLiveUntilReset(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	step := func() {
		tape.Reset(autograd.Mode{})
		seen := map[*float32]bool{}
		var all [][]float32
		for n := range 200 {
			x, y := tape.Floats(n), tape.Float64s(n)
			require.Len(t, x, n)
			require.Len(t, y, n)
			require.Equal(t, n, cap(x), "an append must not reach another's values")
			for i := range n {
				require.Zero(t, x[i])
				require.Zero(t, y[i])
				require.False(t, seen[&x[i]], "lent twice")
				seen[&x[i]], x[i], y[i] = true, float32(n), float64(n)
			}
			all = append(all, x)
		}
		for n, x := range all {
			for i := range x {
				require.EqualValues(t, n, x[i])
			}
		}
	}
	step()
	step()
	lend := func() {
		tape.Reset(autograd.Mode{})
		for n := range 200 {
			tape.Floats(n)
			tape.Float64s(n)
		}
	}
	lend()
	require.Zero(t, testing.AllocsPerRun(10, lend), "a step like the last takes no new memory")
}
