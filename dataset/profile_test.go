package dataset

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/internal/vectortest"
)

func TestVectorCounts(t *testing.T) {
	var cases []struct {
		Dataset, Profile string
		Imbalance        float64
		Counts           []int
		Total            int
	}
	vectortest.Load(t, "counts", &cases)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		var p Profile
		switch c.Profile {
		case "exponential":
			p = Exponential{Imbalance: c.Imbalance}
		case "step":
			p = Step{Imbalance: c.Imbalance}
		default:
			t.Fatalf("unknown profile %q", c.Profile)
		}
		size := map[string]int{"cifar10": 5000, "cifar100": 500}[c.Dataset]
		counts, err := p.Counts(slices.Repeat([]int{size}, len(c.Counts)))
		require.NoError(t, err)
		require.Equal(t, c.Counts, counts, "%s %s %g", c.Dataset, c.Profile, c.Imbalance)
		total := 0
		for _, n := range counts {
			total += n
		}
		require.Equal(t, c.Total, total)
	}
}

func TestProfileMaxAndOneClass(t *testing.T) {
	counts, err := Exponential{Imbalance: 10, Max: 40}.Counts([]int{50, 60, 70})
	require.NoError(t, err)
	require.Equal(t, []int{40, 12, 4}, counts)
	counts, err = Exponential{Imbalance: 10}.Counts([]int{50, 70, 60})
	require.NoError(t, err)
	require.Equal(t, 70, counts[0], "0 means the largest class")
	counts, err = Exponential{Imbalance: 100}.Counts([]int{50})
	require.NoError(t, err)
	require.Equal(t, []int{50}, counts)
	counts, err = Step{Imbalance: 4}.Counts([]int{9, 9, 9})
	require.NoError(t, err)
	require.Equal(t, []int{9, 2, 2}, counts, "the first half is rounded down")

	available := []int{3, 0, 5}
	counts, err = Natural{}.Counts(available)
	require.NoError(t, err)
	require.Equal(t, available, counts)
	counts[0] = 1
	require.Equal(t, 3, available[0], "the result is a copy")
}

func TestProfileErrors(t *testing.T) {
	for _, f := range []float64{0.5, 0, -3, math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := Exponential{Imbalance: f}.Counts([]int{5, 5})
		require.ErrorContains(t, err, "must be at least 1 and finite", "%g", f)
		_, err = Step{Imbalance: f}.Counts([]int{5, 5})
		require.ErrorContains(t, err, "must be at least 1 and finite", "%g", f)
	}
	_, err := Exponential{Imbalance: 0.5}.Counts([]int{5, 5})
	require.EqualError(t, err, "dataset: imbalance factor 0.5 must be at least 1 and finite: it is the size of the largest "+
		"class over that of the smallest")
	_, err = Exponential{Imbalance: 2}.Counts(nil)
	require.EqualError(t, err, "dataset: a profile over no class: there must be at least one")
	_, err = Step{Imbalance: 2, Max: -1}.Counts([]int{5})
	require.EqualError(t, err,
		"dataset: Max of a profile is -1: it must be positive and at most 2⁵⁰, or 0 for the size of the largest class")
}

func TestLargestProfiles(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("the largest profile is larger than an int")
	}
	most := int64(1) << 50 // a variable, as an int of 32 bits holds no such constant
	for _, p := range []func(most int) Profile{func(most int) Profile { return Exponential{1, most} }, func(most int) Profile { return Step{1, most} }} {
		counts, err := p(int(most)).Counts([]int{5, 5})
		require.NoError(t, err)
		require.InDelta(t, most, counts[0], 1<<21)
		_, err = p(int(most + 1)).Counts([]int{5, 5})
		require.ErrorContains(t, err, "Max of a profile is 1125899906842625")
		counts, err = p(1).Counts([]int{5, 5})
		require.NoError(t, err, "an imbalance of 1")
		require.Equal(t, []int{1, 1}, counts)
	}
}

func TestExponentialNeverGrows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, classes := rapid.IntRange(1, 10000).Draw(t, "n"), rapid.IntRange(2, 200).Draw(t, "classes")
		f := rapid.Float64Range(1, 1000).Draw(t, "imbalance")
		counts, err := Exponential{Imbalance: f}.Counts(slices.Repeat([]int{n}, classes))
		require.NoError(t, err)
		require.Equal(t, n, counts[0])
		require.InDelta(t, float64(n)/f, float64(counts[classes-1]), 1)
		for c := 1; c < classes; c++ {
			require.LessOrEqual(t, counts[c], counts[c-1])
		}
	})
}
