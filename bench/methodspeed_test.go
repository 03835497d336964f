package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/method"
)

func TestKeyRowsTakeNoBackwardPass(t *testing.T) {
	times := turns{steps: []float64{0.5, 9, 0.4}, trainSet: []float64{0.3, 0.2, 9}}
	measured, predicted := methodSpeed{Rows: 60}.speeds(times)
	require.Equal(t, 120.0, measured)
	require.Equal(t, 200.0, predicted)
	times.keys = []float64{9, 0.1, 0.1}
	measured, predicted = methodSpeed{Rows: 60, KeyRows: 60}.speeds(times)
	require.Equal(t, 240.0, measured)
	require.InDelta(t, 300, predicted, 1e-9)
}

// Every method is timed: its queues fill, its rows are those it says, and every round counts.
func TestEveryMethodIsTimed(t *testing.T) {
	data, err := longTailed(100)
	require.NoError(t, err)
	require.Equal(t, []int{100, 59, 35, 21, 12, 7, 4, 2, 1, 1}, dataset.Counts(data))
	tiny := func(branches int) (backbone.Backbone, error) {
		if branches > 0 {
			return backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 1, Branches: branches})
		}
		return backbone.NewMLP(backbone.MLPSettings{Widths: []int{32 * 32 * 3, 8}, Seed: 1})
	}
	for _, m := range method.All() {
		speed, err := timeMethod(settings{batch: 12, views: "cifar", seconds: 1e-3, profile: &profiler{}}, m, tiny, data)
		require.NoError(t, err, m.Name)
		require.Equal(t, 12/m.Images, speed.Samples, m.Name)
		require.Equal(t, 12, speed.Rows+speed.KeyRows, m.Name)
		keys := map[string]int{"kcl": 6, "tsc": 6, "paco": 6, "dive": 6}
		require.Equal(t, keys[m.Name], speed.KeyRows, m.Name)
		require.Len(t, speed.Ratios, rounds, m.Name)
		require.Positive(t, speed.ImagesPerSecond)
		require.Positive(t, speed.Predicted)
		require.InDelta(t, speed.ImagesPerSecond/speed.Predicted, speed.Ratio, 0.01)
	}
}
