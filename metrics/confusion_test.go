package metrics_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

// count returns the confusion of pairs of label and prediction.
func count(t require.TestingT, classes int, pairs ...[2]int) *metrics.Confusion {
	c, err := metrics.NewConfusion(classes)
	require.NoError(t, err)
	for _, p := range pairs {
		require.NoError(t, c.Add(p[0], p[1]))
	}
	return c
}

func TestConfusion(t *testing.T) {
	c := count(t, 3, [2]int{0, 0}, [2]int{0, 0}, [2]int{0, 2}, [2]int{0, 0}, [2]int{2, 0})
	require.Equal(t, 3, c.Classes())
	require.Equal(t, 5, c.Total())
	require.Equal(t, 3, c.At(0, 0))
	require.Equal(t, 1, c.At(0, 2))
	require.Equal(t, 1, c.At(2, 0))
	require.Equal(t, 0, c.At(1, 1))
	require.Equal(t, 0, c.At(-1, 7))
	require.Equal(t, metrics.Rate(0.6), c.Top1())
	requireRates(t, []metrics.Rate{0.75, none, 0}, c.PerClass(), "per class")
}

func TestConfusionWithoutImages(t *testing.T) {
	c := count(t, 2)
	require.Zero(t, c.Total())
	requireRates(t, []metrics.Rate{none, none, none}, append(c.PerClass(), c.Top1()), "rates")
}

func TestConfusionErrors(t *testing.T) {
	_, err := metrics.NewConfusion(0)
	require.EqualError(t, err, "metrics: confusion of 0 classes: there must be at least 1 and at most 16777216")
	_, err = metrics.NewConfusion(1<<24 + 1)
	require.EqualError(t, err, "metrics: confusion of 16777217 classes: there must be at least 1 and at most 16777216")

	c := count(t, 3)
	require.EqualError(t, c.Add(3, 1), "metrics: label 3, predicted 1: both must be classes from 0 to 2")
	require.EqualError(t, c.Add(-1, 1), "metrics: label -1, predicted 1: both must be classes from 0 to 2")
	require.EqualError(t, c.Add(0, 3), "metrics: label 0, predicted 3: both must be classes from 0 to 2")
	require.EqualError(t, c.Add(0, -1), "metrics: label 0, predicted -1: both must be classes from 0 to 2")
	require.EqualError(t, c.Merge(nil), "metrics: Merge: the other confusion is nil")
	require.EqualError(t, c.Merge(count(t, 4)),
		"metrics: Merge: 3 classes and 4 classes: both must come from the same data set")
	require.Zero(t, c.Total(), "errors count nothing")
}

func TestMergeEqualsCountingTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "classes")
		class := rapid.IntRange(0, n-1)
		pair := rapid.Custom(func(t *rapid.T) [2]int { return [2]int{class.Draw(t, "label"), class.Draw(t, "predicted")} })
		a, b := rapid.SliceOf(pair).Draw(t, "a"), rapid.SliceOf(pair).Draw(t, "b")

		got, other := count(t, n, a...), count(t, n, b...)
		require.NoError(t, got.Merge(other))
		require.Equal(t, count(t, n, append(a, b...)...), got)
		require.Equal(t, count(t, n, b...), other, "the other is left as it is")

		require.NoError(t, other.Merge(other))
		require.Equal(t, count(t, n, append(b, b...)...), other, "merged with itself")
	})
}

func TestConfusionString(t *testing.T) {
	require.Equal(t, ""+
		"  label  0   1  accuracy\n"+
		"      0  2  10     16.67\n"+
		"      1  0   0       n/a\n", func() string {
		c := count(t, 2, [2]int{0, 0}, [2]int{0, 0})
		for range 10 {
			require.NoError(t, c.Add(0, 1))
		}
		return c.String()
	}())
	require.Equal(t, 21, strings.Count(count(t, 20).String(), "\n"), "a row for each of 20 classes")
	require.Equal(t, "confusion of 21 classes, 1 images, top-1 0.00\n", count(t, 21, [2]int{0, 20}).String())
}
