package main

import (
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/stretchr/testify/require"
)

func TestCounts(t *testing.T) {
	for _, s := range []shape{{8142, 437513}, {100, 5400}, {50, 2700}} {
		all, err := s.counts()
		require.NoError(t, err)
		sum, many, few := 0, 0, 0
		for _, n := range all {
			sum += n
			if n > 100 {
				many++
			}
			if n < 20 {
				few++
			}
		}
		require.Equal(t, s.images, sum)
		require.Equal(t, 1000, slices.Max(all))
		require.Equal(t, 2, slices.Min(all))
		if s.classes == 8142 {
			require.Equal(t, []int{842, 3224}, []int{many, few})
		}
	}
	for _, s := range []shape{{20, 1080}, {8142, 1000}, {100, 1 << 30}} {
		_, err := s.counts()
		require.Error(t, err)
	}
}

func TestWrite(t *testing.T) {
	photos, out := t.TempDir(), filepath.Join(t.TempDir(), "inat")
	require.Error(t, write(photos, out, shape{50, 2700}), "no photographs")
	f, err := os.Create(filepath.Join(photos, "a.png"))
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, image.NewGray(image.Rect(0, 0, 8, 8))))
	require.NoError(t, f.Close())
	require.NoError(t, write(photos, out, shape{50, 2700}))
	d, err := source.Open(context.Background(), out, source.Settings{})
	require.NoError(t, err)
	require.Equal(t, 2700, d.Train.Len())
	require.Equal(t, 150, d.Test.Len())
	counts := dataset.Counts(d.Train)
	require.Equal(t, []int{2, 1000}, []int{slices.Min(counts), slices.Max(counts)})
	var img dataset.Image
	require.NoError(t, d.Train.Image(2699, &img))
}
