package safetensors_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/safetensors"
)

// A pipe that nobody writes to is refused at once.
func TestAPipeIsNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o666))
	_, err := safetensors.Open(path)
	require.EqualError(t, err, "safetensors: "+path+" is not a regular file")
}
