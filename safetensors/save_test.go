package safetensors_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all
}

func TestAFailedSaveLeavesTheOldFileAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	m := newModel(t)
	want := m.bits()
	require.NoError(t, safetensors.Save(path, m, nil))

	// The model's tensors are fine, and only its last state cannot be written.
	failing := showing(func(v nn.Visitor) {
		m.Visit(v)
		v.State("mute", mute{})
	})
	require.EqualError(t, safetensors.Save(path, failing, nil),
		"safetensors: saving "+path+`: state "mute": has no bytes`)
	require.Equal(t, []string{"m"}, names(t, dir))
	m.clear()
	_, err := safetensors.Load(path, m)
	require.NoError(t, err)
	require.Equal(t, want, m.bits())
}

func TestSaveOntoADirectory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "inner"), 0o777))
	require.ErrorContains(t, safetensors.Save(path, newModel(t), nil), "safetensors: saving "+path)
	require.Equal(t, []string{"m"}, names(t, dir))
}

func TestSaveIntoNoDirectory(t *testing.T) {
	err := safetensors.Save(filepath.Join(t.TempDir(), "none", "m"), newModel(t), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSaveIntoAReadOnlyDirectory(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is read-only to this user")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o666))
	require.NoError(t, os.Chmod(dir, 0o555))
	require.ErrorIs(t, safetensors.Save(path, newModel(t), nil), os.ErrPermission)
	old, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(old))
	require.NoError(t, os.Chmod(dir, 0o777))
}

// Whoever reads while others save sees one of the files in whole.
func TestConcurrentSavesAndLoads(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m")
	require.NoError(t, safetensors.Save(path, newModel(t), nil))
	if runtime.GOOS == "windows" {
		t.Skip("Windows replaces no file that is open")
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 10 {
				if err := safetensors.Save(path, newModel(t), map[string]string{"i": strconv.Itoa(i)}); err != nil {
					t.Error(err)
				}
				m := newModel(t)
				m.clear()
				if _, err := safetensors.Load(path, m); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, []string{"m"}, names(t, dir))
}
