package metrics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

func TestWilsonPublishedValues(t *testing.T) {
	// Newcombe (1998), table I, method 3.
	for _, c := range []struct {
		part, whole int
		low, high   float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		i, err := metrics.Wilson(c.part, c.whole, 0)
		require.NoError(t, err)
		require.InDelta(t, c.low, float64(i.Low), 5e-5)
		require.InDelta(t, c.high, float64(i.High), 5e-5)
	}
}

// The ends are the rates that lie just z standard deviations from what was seen.
func TestWilsonEndsSolveTheScoreEquation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.IntRange(1, 5000).Draw(t, "whole")
		part := rapid.IntRange(0, whole).Draw(t, "part")
		i, err := metrics.Wilson(part, whole, 0.99)
		require.NoError(t, err)
		seen := float64(part) / float64(whole)
		require.True(t, float64(i.Low) <= seen && seen <= float64(i.High))
		for _, p := range []float64{float64(i.Low), float64(i.High)} {
			if p > 0 && p < 1 {
				require.InDelta(t, 2.5758293, math.Abs(seen-p)/math.Sqrt(p*(1-p)/float64(whole)), 1e-4)
			}
		}
	})
}

func TestWilsonEdges(t *testing.T) {
	i, err := metrics.Wilson(0, 0, 0)
	require.NoError(t, err)
	require.Equal(t, "n/a", i.String())
	i, err = metrics.Wilson(20, 20, 0)
	require.NoError(t, err)
	require.Equal(t, "83.89–100.00", i.String())
	for whole := 1; whole < 60; whole++ {
		none, err := metrics.Wilson(0, whole, 0)
		require.NoError(t, err)
		require.Equal(t, metrics.Rate(0), none.Low, "no leftover of rounding")
		all, err := metrics.Wilson(whole, whole, 0)
		require.NoError(t, err)
		require.Equal(t, metrics.Rate(1), all.High)
		require.InDelta(t, 1, float64(none.High+all.Low), 1e-12, "they mirror each other")
	}
	_, err = metrics.Wilson(3, 2, 0)
	require.EqualError(t, err, "metrics: Wilson interval of 3 out of 2: it must be at least 0 and at most the whole")
	_, err = metrics.Wilson(-1, 2, 0)
	require.EqualError(t, err, "metrics: Wilson interval of -1 out of 2: it must be at least 0 and at most the whole")
	for _, bad := range []float64{1, -0.5, 95, math.NaN()} {
		_, err = metrics.Wilson(1, 2, bad)
		require.ErrorContains(t, err, "it must be between 0 and 1, or 0 for 0.95")
	}
}
