package prototype

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// bestGain tries every permutation.
func bestGain(g [][]float64, row int, used []bool) float64 {
	if row == len(g) {
		return 0
	}
	best, any := 0.0, false
	for j := range g {
		if used[j] {
			continue
		}
		used[j] = true
		if v := g[row][j] + bestGain(g, row+1, used); !any || v > best {
			best, any = v, true
		}
		used[j] = false
	}
	return best
}

func TestAssignIsTheBestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		g := make([][]float64, n)
		for i := range g {
			// Whole numbers: ties, and sums without rounding.
			g[i] = rapid.SliceOfN(rapid.Map(rapid.IntRange(-5, 5), func(v int) float64 { return float64(v) }), n, n).Draw(t, "row")
		}
		p := assign(n, func(i, j int) float64 { return g[i][j] })
		require.Len(t, p, n)
		seen, sum := map[int]bool{}, 0.0
		for i, j := range p {
			seen[j] = true
			sum += g[i][j]
		}
		require.Len(t, seen, n, "a permutation")
		require.Equal(t, bestGain(g, 0, make([]bool, n)), sum)
	})
}

func TestAssignKeepsWhatIsBestInPlace(t *testing.T) {
	p := assign(200, func(i, j int) float64 { return -float64((i - j) * (i - j)) })
	for i, j := range p {
		require.Equal(t, i, j)
	}
}
