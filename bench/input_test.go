package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

func TestInputIsTimedForOneAndTwoWorkers(t *testing.T) {
	r, err := input(settings{batch: 4, seconds: 1e-3, profile: nil})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, r["workers"])
	for _, name := range []string{"images_per_second", "jpeg_per_second", "jpeg_224_per_second"} {
		require.Len(t, r[name], 2, name)
		for _, rate := range r[name].([]float64) {
			require.Positive(t, rate, name)
		}
	}
}

// The large JPEG is as long as a photograph of its size and is brought to the size asked for.
func TestTheLargeJPEG(t *testing.T) {
	j, err := newJPEG(500, 375, 224)
	require.NoError(t, err)
	require.InDelta(t, 75<<10, len(j.file), 45<<10)
	var img dataset.Image
	require.NoError(t, j.read(0, &img))
	require.Equal(t, dataset.Shape{Height: 224, Width: 224, Channels: 3}, img.Shape())
}
