package dataset

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pipe in place of a file of CIFAR is told at once: opening it would wait for a writer.
func TestCIFARFromAPipe(t *testing.T) {
	dir := t.TempDir()
	for _, name := range append(cifar10Format().train, "test_batch.bin") {
		require.NoError(t, syscall.Mkfifo(filepath.Join(dir, name), 0o666))
	}
	_, _, err := CIFAR10(dir)
	require.ErrorContains(t, err, "data_batch_1.bin is not a regular file")
	require.NoError(t, os.Remove(filepath.Join(dir, "test_batch.bin")))
	_, _, err = CIFAR10(dir)
	require.ErrorContains(t, err, "test_batch.bin missing")
}
