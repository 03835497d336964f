package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFullDiskIsReportedAndNothingIsWrittenAfterIt(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full:", err)
	}
	const want = "record: write /dev/full: no space left on device: nothing more is recorded there"
	c := CSV{&file{path: "run.csv", f: full}}
	require.EqualError(t, c.Scalar(0, "loss", 1), want)
	path := filepath.Join(t.TempDir(), "run.csv")
	c.f, err = os.Create(path) // there is room again, but half a row may lie there
	require.NoError(t, err)
	require.EqualError(t, c.Scalar(1, "loss", 1), want)
	require.EqualError(t, c.Text(1, "note", "x"), want)
	require.EqualError(t, c.Close(), want)
	require.EqualError(t, c.Close(), want)
	require.EqualError(t, c.Flush(), "record: run.csv is closed: it was flushed then")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Empty(t, raw)
}

func TestErrorsOfClosingAreNotLost(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "run.csv"))
	require.NoError(t, err)
	c := CSV{&file{path: f.Name(), f: f}}
	require.NoError(t, f.Close())
	require.ErrorContains(t, c.Flush(), "record: sync ")
	require.ErrorIs(t, c.Close(), os.ErrClosed)
}
