package experiment

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func contentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{manifestFile, ReportFile, SettingsFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			all[name] = string(text)
		}
	}
	return all
}

// A run that was to go further, and of which nothing more is known, is not finished by the report of how far it went.
func TestAnOldReportIsNoEnd(t *testing.T) {
	dir := t.TempDir()
	do(t, newRun(t, tiny(), "ce", dir))
	longer := tiny(func(s *Settings) { s.Epochs = 8 })
	r := newRun(t, longer, "ce", dir)
	r.Override.Epochs = true
	done, err := r.begin() // and the process is killed
	require.NoError(t, err)
	require.Nil(t, done)
	unfinished, err := Unfinished(dir)
	require.NoError(t, err)
	require.Len(t, unfinished, 1)

	again := newRun(t, longer, "ce", dir)
	again.Override.Epochs = true // its checkpoint is of the first
	require.Len(t, do(t, again).History, 8)
	unfinished, err = Unfinished(dir)
	require.NoError(t, err)
	require.Empty(t, unfinished)
}

// What training refuses leaves the folder as it was.
func TestARefusedEndLeavesTheFolder(t *testing.T) {
	dir := t.TempDir()
	stopAt := func(r *Run, epoch, step int) {
		ctx, cancel := context.WithCancel(context.Background())
		r.Trainer.OnStep = func(s train.StepReport) error {
			if s.At.Epoch == epoch && s.At.Step == step {
				cancel()
			}
			return nil
		}
		_, err := r.Do(ctx)
		require.ErrorIs(t, err, context.Canceled)
	}
	first := newRun(t, tiny(), "ce", dir)
	first.Settings = tiny()
	stopAt(first, 3, 1)
	was := contentsOf(t, dir)
	for _, epochs := range []int{2, 3} { // before where it is, and in the middle of an epoch that was not to be
		shorter := tiny(func(s *Settings) { s.Epochs = epochs })
		r := newRun(t, shorter, "ce", dir)
		r.Settings, r.Override.Epochs = shorter, true
		_, err := r.Do(context.Background())
		require.ErrorContains(t, err, "it has come further than it is to go")
		require.Equal(t, was, contentsOf(t, dir))
	}
	require.Len(t, do(t, newRun(t, tiny(), "ce", dir)).History, 6)
}

// A field that manifests leave out where it is empty may be asked for.
func TestCheckFields(t *testing.T) {
	require.NoError(t, CheckFields([]string{"training.recipe", "data.test_content", "training.ranks", "network.backbone", "training.images_seen", "data"}))
	for _, none := range []string{"recipe", "training.recip", "training.recipe.x", "", "training."} {
		require.ErrorContains(t, CheckFields([]string{none}), "no field of a manifest")
	}
}
