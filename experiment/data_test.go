package experiment

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

// Folders that are long-tailed need no settings: size, profile, normalization, batch and rate follow from them.
func TestWhatIsDerivedFromFolders(t *testing.T) {
	dir := folders(t, 21, map[string][]int{"train": {130, 20, 5}, "test": {4, 4, 4}})
	d, err := Settings{Data: dir, Epochs: 1}.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, 16, d.Settings.Size, "a multiple of 8")
	require.Equal(t, "natural", d.Settings.Profile)
	require.Equal(t, []int{130, 20, 5}, d.Counts())
	require.Nil(t, d.Held)
	require.Equal(t, 12, d.Settings.Batch)
	require.InDelta(t, 0.0156, d.Settings.LR, 1e-9)
	require.Len(t, d.Derived, 5)
	require.NotEmpty(t, d.Normalize)
	r, err := d.NewRun(method.CE())
	require.NoError(t, err)
	require.Equal(t, d.Normalize, r.Network.Normalize())

	dir = folders(t, 21, map[string][]int{"train": {30, 30}, "test": {4, 4}})
	d, err = Settings{Data: dir, Epochs: 1, Size: 8, Imbalance: 10, Batch: 6, LR: 0.1}.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "exp", d.Settings.Profile, "an imbalance asks for it")
	require.Equal(t, []int{30, 3}, d.Counts())
	require.Len(t, d.Derived, 1, "only the normalization: the rest was given")
	require.Equal(t, 8, d.Settings.Size)
}

func TestAValidationSetBesideTrainAndTest(t *testing.T) {
	dir := folders(t, 8, map[string][]int{"train": {20, 6}, "test": {3, 3}, "valid": {2, 4}})
	d, err := Settings{Data: dir, Epochs: 1, Holdout: 0.5}.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []int{20, 6}, d.Counts(), "nothing is held out besides")
	require.Equal(t, []int{2, 4}, dataset.Counts(d.Held))
	require.Contains(t, strings.Join(d.Derived, "\n"), "validation set")

	require.NoError(t, os.Rename(filepath.Join(dir, "valid", d.Train.Classes()[0]), filepath.Join(dir, "valid", "other")))
	_, err = Settings{Data: dir, Epochs: 1}.Open(t.Context(), 1)
	require.ErrorContains(t, err, "only in "+filepath.Join(dir, "valid"))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "test")))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "valid")))
	writeImages(t, filepath.Join(dir, "val"), 8, 9, []int{3, 3})
	d, err = Settings{Data: dir, Epochs: 1}.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []int{3, 3}, dataset.Counts(d.Test), "val is the test set where there is no other")
	require.Nil(t, d.Held)
}

// Class folders alone are divided, in the same way for every seed.
func TestClassFoldersAlone(t *testing.T) {
	dir := folders(t, 8, map[string][]int{"": {40, 5, 2}})
	var first []int
	for seed := range uint64(3) {
		d, err := Settings{Data: dir, Epochs: 1}.Open(t.Context(), seed)
		require.NoError(t, err)
		require.Equal(t, []int{32, 4, 1}, d.Counts())
		require.Equal(t, []int{8, 1, 1}, dataset.Counts(d.Test))
		if first == nil {
			first = dataset.Indices(d.Test)
		}
		require.Equal(t, first, dataset.Indices(d.Test))
		require.NotEmpty(t, d.manifest.TestSHA256)
	}
	_, err := Settings{Data: t.TempDir(), Epochs: 1}.Open(t.Context(), 1)
	require.ErrorContains(t, err, "no known data set in ")
}

// The points of TSC's targets are spread while a run is made; they end with the context.
func TestNewRunEndsWithItsContext(t *testing.T) {
	s := tiny()
	s.Embedding = 2 // fewer than the classes: not a simplex
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d.Context = ctx
	_, err = d.NewRun(method.TSC())
	require.ErrorIs(t, err, context.Canceled)
	_, err = Comparison{Settings: s, Methods: presets("tsc"), Seeds: []uint64{1}, Context: ctx}.Plan()
	require.ErrorIs(t, err, context.Canceled)
}
