package metrics_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

func TestShiftedPriorByHand(t *testing.T) {
	for ratio, want := range map[float64][]float64{
		1:      {1. / 3, 1. / 3, 1. / 3},
		4:      {2. / 7, 1. / 7, 4. / 7}, // ranks 1, 2, 0
		0.25:   {2. / 7, 4. / 7, 1. / 7},
		1e300:  {0, 0, 1},
		5e-324: {0, 1, 0},
	} {
		got, err := metrics.ShiftedPrior([]int{20, 5, 100}, ratio)
		require.NoError(t, err)
		require.InDeltaSlice(t, want, got, 1e-12, "ratio %g", ratio)
	}
	got, err := metrics.ShiftedPrior([]int{7}, 50)
	require.NoError(t, err)
	require.Equal(t, []float64{1}, got)
}

func TestShiftedPriorIsADistributionOfThatRatio(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 1000), 2, 20).Draw(t, "counts")
		ratio := rapid.Float64Range(0.01, 100).Draw(t, "ratio")
		prior, err := metrics.ShiftedPrior(counts, ratio)
		require.NoError(t, err)
		sum := 0.0
		for _, p := range prior {
			sum += p
		}
		require.InDelta(t, 1, sum, 1e-12)
		require.InEpsilon(t, max(ratio, 1/ratio), slices.Max(prior)/slices.Min(prior), 1e-9)
	})
}

func TestTop1UnderByHand(t *testing.T) {
	c := example(t) // accuracies 1, 1/4, none, 0, 1/2
	for _, s := range []struct {
		prior []float64
		want  metrics.Rate
	}{
		{[]float64{1, 1, 1, 1, 1}, 0.4375},                     // the balanced accuracy
		{[]float64{3, 1, 0, 0, 0}, 0.8125},                     // (3·1 + 1/4)/4
		{[]float64{1, 0, 9, 1, 0}, 0.5},                        // class 2 was not measured
		{[]float64{0, 0, 1, 0, 0}, none},                       // nothing was
		{[]float64{1, 4, 0, 1, 2}, 3.0 / 8},                    // the test set's own distribution: Top1
		{[]float64{1e308, 1e308, 1e308, 1e308, 1e308}, 0.4375}, // no sum overflows
		{[]float64{5e-324, 5e-324, 1, 5e-324, 5e-324}, 0.4375}, // nor is lost
	} {
		got, err := c.Top1Under(s.prior)
		require.NoError(t, err)
		requireRates(t, []metrics.Rate{s.want}, []metrics.Rate{got}, "top-1")
	}
}

func TestShiftErrors(t *testing.T) {
	for _, bad := range []float64{0, -1, math.Inf(1), math.NaN()} {
		_, err := metrics.ShiftedPrior([]int{1}, bad)
		require.ErrorContains(t, err, "it must be positive and finite; 1 is uniform")
	}
	_, err := metrics.ShiftedPrior(nil, 1)
	require.EqualError(t, err, "metrics: shifted prior without classes: give the number of training images of each")
	_, err = metrics.ShiftedPrior([]int{1, -2}, 1)
	require.EqualError(t, err, "metrics: training count of class 1 is -2: counts start at 0")
	c := example(t)
	for want, prior := range map[string][]float64{
		"metrics: prior of 1 classes for a confusion of 5: give a weight for each": {1},
		"metrics: prior of class 2 is -1: it must be finite and at least 0":        {1, 1, -1, 1, 1},
		"metrics: prior of class 1 is NaN: it must be finite and at least 0":       {1, math.NaN(), 1, 1, 1},
		"metrics: prior of class 4 is +Inf: it must be finite and at least 0":      {1, 1, 1, 1, math.Inf(1)},
	} {
		rate, err := c.Top1Under(prior)
		require.EqualError(t, err, want)
		require.Zero(t, rate)
	}
}
