package smallfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	text, err := smallfile.Read(path, 5)
	require.NoError(t, err)
	require.Equal(t, "12345", string(text))
	_, err = smallfile.Read(path, 4)
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "5 bytes")
	_, err = smallfile.Read(filepath.Join(dir, "none"), 5)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = smallfile.Read(dir, 5)
	require.ErrorContains(t, err, "regular file")
}

// A file of holes says that it has a terabyte, and takes nothing on disk.
func TestReadOfHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "holes")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	if err := f.Truncate(1 << 40); err != nil {
		t.Skip(err)
	}
	_, err = smallfile.Read(path, 1<<20)
	require.ErrorContains(t, err, path)
}

// Files of the kernel say that they are empty.
func TestFilesThatSayTheyAreEmpty(t *testing.T) {
	if _, err := os.Stat("/proc/self/mem"); err != nil {
		t.Skip("needs Linux")
	}
	_, err := smallfile.Read("/proc/self/status", 10)
	require.ErrorContains(t, err, "/proc/self/status has more than 10 bytes")
	_, err = smallfile.Read("/proc/self/mem", 10)
	require.ErrorContains(t, err, "/proc/self/mem")
}
