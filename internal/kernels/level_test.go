package kernels

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// eachLevel runs a test at every level of this processor.
func eachLevel(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	best := current
	t.Cleanup(func() { current = best })
	for l := generic; l <= supported(); l++ {
		current = l
		t.Run(l.String(), f)
	}
	current = best
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
	require.Equal(t, Level(), current.String())
}
