package atomicfile

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A FIFO without a reader is an error, not an endless wait.
func TestNobodyReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := openInto(path, 20*time.Millisecond)
	require.ErrorIs(t, err, syscall.ENXIO)
	require.ErrorContains(t, err, path)
}
