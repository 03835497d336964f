package record_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/record"
)

// rowsOf are those of a CSV file, without times.
func rowsOf(t *testing.T, path string) (all []string) {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(raw)) {
		all = append(all, line[:strings.LastIndex(line, ",")])
	}
	return all[1:]
}

// A run that was killed after step 2 goes on from the checkpoint after its first epoch of two steps: no row is there twice.
func TestFilesOfARunThatGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs", "first")
	of := func(from, to int) {
		f := &record.Files{Dir: dir}
		require.NoError(t, f.Begin(from/2, from))
		for n := from; n < to; n++ {
			require.NoError(t, f.Step(record.State{Epoch: n / 2, Step: n % 2, Number: n, Losses: []record.Loss{{Name: "ce", Value: 2, Weight: 1}},
				Loss: 2, LearningRate: 0.5, GradNorm: 3, ImagesPerSecond: 7}))
			if n%2 == 1 {
				require.NoError(t, f.Epoch(record.Epoch{Epoch: n / 2, Loss: 2, LearningRate: 0.5, ImagesPerSecond: 7,
					Figures: []record.Figure{{Name: "validation/top1", Value: 0.25}}}))
			}
			require.NoError(t, f.Flush())
		}
		if to == 4 {
			require.NoError(t, f.End())
		}
	}
	of(0, 3)
	of(2, 4)
	require.Equal(t, []string{"0,loss,2", "0,lr,0.5", "0,images/s,7", "0,validation/top1,0.25", "1,loss,2", "1,lr,0.5", "1,images/s,7",
		"1,validation/top1,0.25"}, rowsOf(t, filepath.Join(dir, "metrics.csv")))
	steps := rowsOf(t, filepath.Join(dir, "steps.csv"))
	require.Len(t, steps, 4*6)
	require.Equal(t, []string{"3,loss/ce,2", "3,weight/ce,1", "3,loss,2", "3,lr,0.5", "3,gradient norm,3", "3,images/s,7"}, steps[18:])
	events, err := filepath.Glob(filepath.Join(dir, "tensorboard", "steps", "events.out.tfevents.*"))
	require.NoError(t, err)
	require.Len(t, events, 2)
}

func TestFilesThatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	require.ErrorContains(t, (&record.Files{}).Begin(0, 0), "Files.Dir is empty")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "metrics.csv"), []byte("mine\n"), 0o666))
	f := &record.Files{Dir: dir}
	err := f.Begin(0, 0)
	require.ErrorContains(t, err, "metrics.csv")
	require.ErrorContains(t, err, `"mine\n"`)
	require.NoError(t, f.End(), "nothing is open")
}

// failing refuses one name.
type failing struct{ record.Recorder }

func (failing) Scalar(_ int, name string, _ float64) error {
	if name == "lr" {
		return os.ErrPermission
	}
	return nil
}

func TestScalarsReportTheFirstError(t *testing.T) {
	s := record.Scalars{Steps: failing{}}
	require.ErrorIs(t, s.Step(record.State{}), os.ErrPermission)
	require.NoError(t, s.Epoch(record.Epoch{}), "no recorder of epochs")
	require.NoError(t, record.Scalars{}.End())
}
