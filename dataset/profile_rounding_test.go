package dataset_test

import (
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// Counts that are whole stay so: their floor must not fall to the number below by rounding.
func TestWholeCountsAreNotRoundedDown(t *testing.T) {
	available := func(n, classes int) []int {
		v := make([]int, classes)
		for i := range v {
			v[i] = n
		}
		return v
	}
	counts, err := dataset.Exponential{Imbalance: 49}.Counts(available(49, 2))
	require.NoError(t, err)
	require.Equal(t, []int{49, 1}, counts)
	counts, err = dataset.Exponential{Imbalance: 512}.Counts(available(512, 10))
	require.NoError(t, err)
	require.Equal(t, []int{512, 256, 128, 64, 32, 16, 8, 4, 2, 1}, counts)
	counts, err = dataset.Step{Imbalance: 98}.Counts(available(196, 2))
	require.NoError(t, err)
	require.Equal(t, []int{196, 2}, counts)
}
