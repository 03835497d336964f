package lock

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// What another user left is taken over where that is allowed, and otherwise there is nothing that this one could write.
func TestLocksOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be another user")
	}
	root, err := os.MkdirTemp("", "lock") // t.TempDir is root's alone
	require.NoError(t, err)
	defer os.RemoveAll(root)
	require.NoError(t, os.Chmod(root, 0o755))
	for name, c := range map[string]struct {
		dir, file os.FileMode
		got       bool
	}{
		"free":           {0o777, 0o644, true},
		"secret":         {0o777, 0o600, false},
		"not to replace": {0o755, 0o644, false},
	} {
		dir := filepath.Join(root, name)
		require.NoError(t, os.Mkdir(dir, c.dir))
		require.NoError(t, os.Chmod(dir, c.dir)) // whatever the umask is
		require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), nil, c.file))
		require.NoError(t, syscall.Setreuid(-1, 65534))
		l, err := Folder(dir)
		l.Release()
		require.NoError(t, syscall.Setreuid(-1, 0))
		require.NoError(t, err, name)
		require.Equal(t, c.got, l != nil, name)
	}
}
