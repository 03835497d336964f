package parquet

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

// What is saved is read back, by OpenFeatures and row by row.
func TestSavedFeatures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.parquet")
	s, err := features.New(2, []float32{1, 2, 3, 4, 5, 6}, []int{1, 0, 1}, []string{"ant", "say \"owl\""})
	require.NoError(t, err)
	for _, names := range [][]string{{"a/1.png", "b/2.png", ""}, nil} {
		require.NoError(t, SaveFeatures(path, s, names))
		back, err := OpenFeatures(t.Context(), FeatureSettings{}, path)
		require.NoError(t, err)
		require.Equal(t, s, back)
		rows, err := parquet.ReadFile[saved](path)
		require.NoError(t, err)
		require.Len(t, rows, 3)
		for i, r := range rows {
			if names == nil {
				require.Empty(t, r.Name)
			} else {
				require.Equal(t, names[i], r.Name)
			}
		}
		require.Equal(t, []float32{3, 4}, rows[1].Features)
	}
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorContains(t, SaveFeatures(path, s, []string{"a"}), "1 names for 3 vectors")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.ErrorContains(t, SaveFeatures(filepath.Join(path, "x"), s, nil), path)
}
