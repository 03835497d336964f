package metrics_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever sizes, counts and labels come to, the result is a value or an error, and takes no memory that they do not fill.
func TestHostileArguments(t *testing.T) {
	size := rapid.SampledFrom([]int{0, 1, 2, 3, 100, 1<<24 + 1, math.MaxInt>>23 + 1, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, -(math.MaxInt>>1 + 1), math.MinInt})
	number := rapid.SampledFrom([]float64{0, 1, 0.5, 1e300, 5e-324, -1, math.Inf(1), math.Inf(-1), math.NaN()})
	value := rapid.SampledFrom([]float32{0, 1, 0.5, 3e38, -3e38, 1e-45, float32(math.NaN()), float32(math.Inf(1))})
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(size, 0, 4).Draw(t, "sizes")
		numbers := rapid.SliceOfN(number, 0, 4).Draw(t, "numbers")
		values := rapid.SliceOfN(value, 0, 6).Draw(t, "values")
		n, m, x := size.Draw(t, "n"), size.Draw(t, "m"), number.Draw(t, "x")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, err := metrics.NewConfusion(n)
		if err == nil {
			_ = c.Add(m, n)
			_ = c.At(m, n)
			_ = c.Merge(nil)
			_, _ = c.Report(sizes, metrics.Groups{Many: n, Few: m})
			_, _ = c.Report(sizes, metrics.ByRank{First: n, Last: m})
			if r, err := c.Top1Under(numbers); err == nil && !math.IsNaN(float64(r)) {
				require.LessOrEqual(t, float64(r), 1.0)
			}
		}
		_, _, _, _ = metrics.Groups{Many: n, Few: m}.Split(sizes)
		_, _, _, _ = metrics.ByRank{First: n, Last: m}.Split(sizes)
		_, _ = metrics.ShiftedPrior(sizes, x)
		_, _ = metrics.Wilson(n, m, x)
		_, _, _ = metrics.Worst(nil, n)
		_, _ = metrics.Softmax(values, n, x)
		_, _ = metrics.Reliability(values, sizes, min(m, 1000))
		_, _ = metrics.ClasswiseECE(values, sizes, min(m, 1000))
		_, _ = metrics.Brier(values, sizes)
		_, _ = metrics.NewGram(values, n)
		_, _ = metrics.Alignment(values, values, n)
		_, _ = metrics.Uniformity(values, n)
		_, _, _ = metrics.ClassAlignment(values, n, sizes, m)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	})
}

func TestGroupsOfTheLargestNumbers(t *testing.T) {
	many, medium, few, err := metrics.Groups{Many: math.MaxInt, Few: 2}.Split([]int{1, 5, math.MaxInt})
	require.NoError(t, err)
	require.Empty(t, many)
	require.Equal(t, []int{1, 2}, medium)
	require.Equal(t, []int{0}, few)
}
