package prototype

import (
	"context"
	"errors"
	"math/rand/v2"
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

// dealt assigns by gains that float32 can hold.
func dealt(t require.TestingT, n int, gain func(i, j int) float64) []int {
	all := make([]float32, n*n)
	for k := range all {
		all[k] = float32(gain(k/n, k%n))
	}
	p, err := assign(context.Background(), n, all, nil)
	require.NoError(t, err)
	return p
}

// The prices prove that nothing is better: no cost is below those of its row and column, and the pairs' are equal to them.
func TestAssignProvesItself(t *testing.T) {
	const n = 300
	rng := rand.New(rand.NewPCG(1, 2))
	gain := make([]float32, n*n)
	for k := range gain {
		gain[k] = rng.Float32()*2 - 1
	}
	p, err := assign(context.Background(), n, gain, nil)
	require.NoError(t, err)
	sum, seen := 0.0, map[int]bool{}
	for i, j := range p {
		sum, seen[j] = sum+float64(gain[i*n+j]), true
	}
	require.Len(t, seen, n)
	// No exchange of two rows, and no cycle of three, gains anything.
	for i := range n {
		for j := range i {
			require.LessOrEqual(t, float64(gain[i*n+p[j]])+float64(gain[j*n+p[i]]), float64(gain[i*n+p[i]])+float64(gain[j*n+p[j]])+1e-6)
		}
	}
	require.InDelta(t, sum, -dual(n, gain), 1e-9*n)
}

// dual is the sum of the prices, which no assignment costs less than.
func dual(n int, gain []float32) (sum float64) {
	a := newAssignment(n, gain)
	a.reduce()
	for i := range n {
		if a.colOf[i] < 0 {
			a.join(i)
		}
	}
	for i := range n {
		sum += a.rowPrice[i] + a.colPrice[i]
	}
	return sum
}

// Where deals are as good, the one that is taken stays the same: runs go on with it.
func TestAssignOfEqualGains(t *testing.T) {
	for _, c := range []struct {
		gain [][]float64
		want []int
	}{
		{[][]float64{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}}, []int{0, 1, 2}},
		{[][]float64{{1, 1, 0}, {1, 1, 0}, {0, 0, 0}}, []int{0, 1, 2}},
		{[][]float64{{0, 1, 1}, {0, 1, 1}, {0, 0, 0}}, []int{2, 1, 0}},
		{[][]float64{{2, 1}, {2, 1}}, []int{0, 1}},
		{[][]float64{{1, 1}, {2, 1}}, []int{1, 0}},
		{[][]float64{{2, 1, 1}, {2, 1, 0}, {0, 1, 1}}, []int{2, 0, 1}}, // the first of equal columns
		{[][]float64{{0, 0, 0}, {1, 2, 1}, {1, 2, 0}}, []int{2, 1, 0}}, // a free one before one that is taken
		{[][]float64{{1, 1, 2}, {2, 1, 2}, {2, 1, 0}}, []int{1, 2, 0}},
	} {
		require.Equal(t, c.want, dealt(t, len(c.gain), func(i, j int) float64 { return c.gain[i][j] }), "%v", c.gain)
	}
	require.Equal(t, []int{0, 2, 1, 3, 4, 5, 7, 6, 11, 9, 10, 8}, dealt(t, 12, func(i, j int) float64 { return float64(i * i * j % 5 / 2) }), "many ties")
}

func TestAssignTellsHowFarItIs(t *testing.T) {
	var told [][2]int
	_, err := assign(context.Background(), 600, make([]float32, 600*600), func(done, of int) { told = append(told, [2]int{done, of}) })
	require.NoError(t, err)
	require.Equal(t, [][2]int{{256, 600}, {512, 600}}, told)
}

func TestAssignEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	_, err := assign(ctx, 2, make([]float32, 4), nil)
	require.ErrorIs(t, err, why)
}

func TestAssignIsTheBestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		g := make([][]float64, n)
		for i := range g {
			// Whole numbers: ties, and sums without rounding.
			g[i] = rapid.SliceOfN(rapid.Map(rapid.IntRange(-5, 5), func(v int) float64 { return float64(v) }), n, n).Draw(t, "row")
		}
		p := dealt(t, n, func(i, j int) float64 { return g[i][j] })
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
	p := dealt(t, 200, func(i, j int) float64 { return -float64((i - j) * (i - j)) })
	for i, j := range p {
		require.Equal(t, i, j)
	}
}
