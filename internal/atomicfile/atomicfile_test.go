package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/stretchr/testify/require"
)

// Whatever goes wrong, the old file stays and nothing else does.
func TestWriteReplacesOrLeaves(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	write := func(text string, err error) error {
		return atomicfile.Write(path, func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		})
	}
	holds := func(want string) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(text))
		all, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, all, 1)
	}
	require.NoError(t, write("old", nil))
	holds("old")
	require.NoError(t, write("new", nil))
	holds("new")
	broken := errors.New("broken")
	require.ErrorIs(t, write("half", broken), broken)
	holds("new")
	require.PanicsWithValue(t, "stop", func() { _ = atomicfile.Write(path, func(io.Writer) error { panic("stop") }) })
	holds("new")

	require.ErrorIs(t, atomicfile.Write(filepath.Join(dir, "none", "f"), nil), os.ErrNotExist)
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "inner"), 0o777))
	require.Error(t, atomicfile.Write(folder, func(io.Writer) error { return nil }))
	all, err := os.ReadDir(filepath.Dir(folder))
	require.NoError(t, err)
	require.Len(t, all, 1)
}
