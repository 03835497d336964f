package metrics_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

func TestGroups(t *testing.T) {
	counts := []int{5000, 101, 100, 20, 19, 0, 60}
	many, medium, few, err := metrics.Groups{}.Split(counts)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, many)
	require.Equal(t, []int{2, 3, 6}, medium)
	require.Equal(t, []int{4, 5}, few)

	many, medium, few, err = metrics.Groups{Many: 59, Few: 60}.Split(counts)
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2, 6}, many)
	require.Empty(t, medium)
	require.Equal(t, []int{3, 4, 5}, few)
}

func TestByRank(t *testing.T) {
	counts := []int{1, 500, 30, 30, 30, 7, 30, 900}
	many, medium, few, err := metrics.ByRank{}.Split(counts)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 7}, many, "of equal counts the lower class ranks first")
	require.Equal(t, []int{3, 4}, medium)
	require.Equal(t, []int{0, 5, 6}, few)
	require.Equal(t, []int{1, 500, 30, 30, 30, 7, 30, 900}, counts, "counts are only read")

	_, medium, _, err = metrics.ByRank{First: 2, Last: 6}.Split(counts)
	require.NoError(t, err)
	require.Empty(t, medium)
}

func TestEveryClassIsInOneGroup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 300), 6, 40).Draw(t, "counts")
		above := rapid.IntRange(1, 200).Draw(t, "many")
		for _, g := range []metrics.Grouping{
			metrics.Groups{}, metrics.ByRank{}, metrics.ByRank{First: 1, Last: 5},
			metrics.Groups{Many: above, Few: rapid.IntRange(1, above+1).Draw(t, "few")},
		} {
			many, medium, few, err := g.Split(counts)
			require.NoError(t, err)
			for _, group := range [][]int{many, medium, few} {
				require.True(t, slices.IsSorted(group), "%#v", g)
			}
			for _, m := range many {
				for _, f := range few {
					require.GreaterOrEqual(t, counts[m], counts[f], "%#v", g)
				}
			}
			got := slices.Sorted(slices.Values(slices.Concat(many, medium, few)))
			require.Len(t, got, len(counts), "%#v", g)
			for i, class := range got {
				require.Equal(t, i, class, "%#v", g)
			}
		}
	})
}

func TestGroupingErrors(t *testing.T) {
	for _, c := range []struct {
		g    metrics.Grouping
		want string
	}{
		{metrics.Groups{Many: -1}, "Groups with Many -1 and Few 20: neither may be negative"},
		{metrics.Groups{Few: -1}, "Groups with Many 100 and Few -1: neither may be negative"},
		{metrics.Groups{Many: 10},
			"Groups with Many 10 and Few 20: a class of 19 images would be both, lower Few or raise Many"},
		{metrics.ByRank{First: -1}, "ByRank with First -1 and Last 3: neither may be negative"},
		{metrics.ByRank{Last: -1}, "ByRank with First 3 and Last -1: neither may be negative"},
		{metrics.ByRank{Last: 2}, "ByRank with First 3 and Last 2: there are only 4 classes"},
		{metrics.ByRank{First: 9}, "ByRank with First 9 and Last 3: there are only 4 classes"},
	} {
		_, _, _, err := c.g.Split(make([]int, 4))
		require.EqualError(t, err, "metrics: "+c.want)
	}
}
