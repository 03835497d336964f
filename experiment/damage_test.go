package experiment

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/stretchr/testify/require"
)

// Whichever checkpoint is damaged, that of the best epoch or the newest, the report quotes the same figures, and names what was
// passed over.
func TestADamagedCheckpointChangesNoFigure(t *testing.T) {
	dir := t.TempDir()
	s := tiny(func(s *Settings) { s.Choose, s.Holdout = "best", 0.3 })
	run := func() *Report {
		r := newRun(t, s, "ce", dir)
		r.Trainer.Checkpoints.EveryEpochs = 1
		return do(t, r)
	}
	want := run()
	require.Empty(t, want.PassedOver)
	all, err := checkpoint.Store{Dir: filepath.Join(dir, checkpoints)}.List()
	require.NoError(t, err)
	require.Less(t, 2, len(all))
	for i, path := range all {
		require.NoError(t, os.Remove(filepath.Join(dir, ReportFile)))
		file := filepath.Join(path, "model.safetensors")
		whole, err := os.ReadFile(file)
		require.NoError(t, err)
		damaged := bytes.Clone(whole)
		damaged[len(damaged)-9] ^= 4
		require.NoError(t, os.WriteFile(file, damaged, 0o666))
		report := run()
		require.Equal(t, want.Figures, report.Figures)
		require.Equal(t, want.Last, report.Last)
		if i < len(all)-1 {
			require.Empty(t, report.PassedOver, "%s is not read", path)
			require.NoError(t, os.WriteFile(file, whole, 0o666))
			continue
		}
		require.Len(t, report.PassedOver, 1)
		require.Contains(t, report.PassedOver[0], file)
		var text bytes.Buffer
		require.NoError(t, report.Write(&text))
		require.Contains(t, text.String(), file)
		saved, err := readReport(filepath.Join(dir, ReportFile))
		require.NoError(t, err)
		require.Equal(t, report.PassedOver, saved.PassedOver)
	}
}
