package loss_test

import (
	"testing"

	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestMergedPrototypes(t *testing.T) {
	of := func(dim int, v ...float32) []int {
		x, err := tensor.FromSlice(v, len(v)/dim, dim)
		require.NoError(t, err)
		bank, err := prototype.NewFixed(x)
		require.NoError(t, err)
		return (&loss.PrototypicalContrastive{Bank: bank}).Merged()
	}
	require.Equal(t, []int{0, 2}, of(3, 2, 0, 0, 0, 1, 0, 0.9, 0.1, 0))
	require.Empty(t, of(3, 1, 0, 0, 0, 1, 0, -1, 0, 0))
	require.Empty(t, of(3, 1, 0, 0, 0, 1, 0, 1, 1, 0), "45°")
	require.Empty(t, of(2, 1, 0, 1, 0, 1, 0, 1, 0), "no room for four directions")
	require.Empty(t, (&loss.PrototypicalContrastive{}).Merged(), "not built yet")
}
