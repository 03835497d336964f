package checkpoint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/nn"
)

// A checkpoint that is written, but cannot be given its name, is not saved. The next one removes what it left.
func TestACheckpointWithoutItsNameIsNotSaved(t *testing.T) {
	dir, err := os.MkdirTemp("", "checkpoints") // t.TempDir is root's alone
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	if os.Geteuid() == 0 { // to whom nothing is read-only
		require.NoError(t, os.Chown(dir, 65534, -1))
		require.NoError(t, syscall.Setreuid(-1, 65534))
		defer func() { require.NoError(t, syscall.Setreuid(-1, 0)) }()
	}
	s, m := checkpoint.Store{Dir: dir}, newModel(t)
	save := func(state nn.Visitable) (string, error) {
		return s.Save(checkpoint.Run{Epoch: 1}, nil, map[string]checkpoint.File{"model": {State: state}})
	}
	path, err := save(showing(func(v nn.Visitor) { // while the files are written, in a folder that is there already
		require.NoError(t, os.Chmod(dir, 0o555))
		m.Visit(v)
	}))
	require.Empty(t, path)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorContains(t, err, "checkpoint: saving "+filepath.Join(dir, "epoch-0001-step-000000")+": ")

	require.NoError(t, os.Chmod(dir, 0o777))
	path, err = save(m)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Base(path)}, names(t, dir))
	_, err = checkpoint.Open(path)
	require.NoError(t, err)
}
