package checkpoint_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/stretchr/testify/require"
)

// A pipe in place of any file of a checkpoint is told at once: opening it would wait for a writer.
func TestACheckpointWithAPipe(t *testing.T) {
	for _, name := range []string{"SHA256SUMS", "run.json", "manifest.json", "model.safetensors"} {
		s := checkpoint.Store{Dir: t.TempDir()}
		path, err := s.Save(checkpoint.Run{}, []byte("{}"), map[string]checkpoint.File{"model": {State: newModel(t)}})
		require.NoError(t, err)
		require.NoError(t, os.Remove(filepath.Join(path, name)))
		require.NoError(t, syscall.Mkfifo(filepath.Join(path, name), 0o666))
		_, err = checkpoint.Open(path)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "not a regular file")
	}
}
