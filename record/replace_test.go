package record_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/record"
	"github.com/stretchr/testify/require"
)

// What Probe lets pass, Replace writes; neither leaves anything else behind.
func TestReplaceAndProbe(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	require.NoError(t, record.Probe(path))
	require.NoFileExists(t, path)
	require.NoError(t, record.Replace(path, []byte("old")))
	require.NoError(t, record.Probe(path))
	require.NoError(t, record.Replace(path, []byte("new")))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "new", string(text))
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, all, 1)

	missing := filepath.Join(dir, "none", "f")
	require.ErrorIs(t, record.Probe(missing), os.ErrNotExist)
	require.ErrorIs(t, record.Replace(missing, nil), os.ErrNotExist)
	require.ErrorContains(t, record.Probe(dir), dir+": is a folder: name a file")
	require.ErrorContains(t, record.Replace(dir, nil), "is a folder: name a file")
}
