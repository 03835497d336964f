package metrics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/metrics"
)

func TestWorst(t *testing.T) {
	rates := []metrics.Rate{0.5, none, 0.1, 0.5, 0.9, 0.1}
	for k, want := range map[int][]int{1: {2}, 2: {2, 5}, 3: {2, 5, 0}, 4: {2, 5, 0, 3}, 5: {2, 5, 0, 3, 4}, 99: {2, 5, 0, 3, 4}} {
		classes, mean, err := metrics.Worst(rates, k)
		require.NoError(t, err)
		require.Equal(t, want, classes)
		sum := 0.0
		for _, c := range want {
			sum += float64(rates[c])
		}
		require.InDelta(t, sum/float64(len(want)), float64(mean), 1e-12)
	}
	classes, mean, err := metrics.Worst([]metrics.Rate{none, none}, 1)
	require.NoError(t, err)
	require.Empty(t, classes)
	requireRates(t, []metrics.Rate{none}, []metrics.Rate{mean}, "mean")
	_, _, err = metrics.Worst(rates, 0)
	require.EqualError(t, err, "metrics: the worst 0 classes: ask for at least 1")
}
