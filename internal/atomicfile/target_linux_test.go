package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/stretchr/testify/require"
)

func write(path, text string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// old makes a file with a mode.
func old(t *testing.T, dir string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(text))
}

// alone requires that the folder has nothing but the names.
func alone(t *testing.T, dir string, names ...string) {
	t.Helper()
	var is []string
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range all {
		is = append(is, e.Name())
	}
	require.Equal(t, names, is)
}

func TestLinksAreFollowed(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(other, "real"), filepath.Join(dir, "absolute")))
	require.NoError(t, os.Symlink("absolute", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink(other, filepath.Join(dir, "folder")))
	require.NoError(t, os.Symlink("folder/../up", filepath.Join(dir, "up"))) // beside other, not in dir
	for _, text := range []string{"first", "second"} {                       // the first makes the file that the links lead to
		require.NoError(t, write(filepath.Join(dir, "link"), text))
		holds(t, filepath.Join(other, "real"), text)
		alone(t, other, "real")
		alone(t, dir, "absolute", "folder", "link", "up")
	}
	require.NoError(t, write(filepath.Join(dir, "up"), "up"))
	holds(t, filepath.Join(filepath.Dir(other), "up"), "up")
	require.NoError(t, os.Remove(filepath.Join(filepath.Dir(other), "up")))

	require.NoError(t, os.Symlink("b", filepath.Join(dir, "a")))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "b")))
	require.Error(t, write(filepath.Join(dir, "a"), ""))
	require.Error(t, atomicfile.Probe(filepath.Join(dir, "a")))
	alone(t, dir, "a", "absolute", "b", "folder", "link", "up")
}

func TestModesAreKept(t *testing.T) {
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o666, 0o660, 0o755, 0o200, 0o640 | fs.ModeSetgid} {
		path := old(t, t.TempDir(), mode)
		require.NoError(t, atomicfile.Probe(path))
		err := atomicfile.Write(path, func(w io.Writer) error {
			_, err := io.WriteString(w, "new")
			all, failed := os.ReadDir(filepath.Dir(path))
			for _, e := range all {
				info, failed := e.Info()
				require.NoError(t, failed)
				require.Zero(t, info.Mode().Perm()&^(mode.Perm()|0o200), "%s is open to more people while it is written", e.Name())
			}
			return errors.Join(err, failed)
		})
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode())
	}
}

func TestOwnersAreKept(t *testing.T) {
	path := old(t, t.TempDir(), 0o664)
	if err := os.Chown(path, 1234, 2345); err != nil {
		t.Skip("only root may give files away")
	}
	require.NoError(t, write(path, "new"))
	holds(t, path, "new")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, []uint32{1234, 2345}, []uint32{info.Sys().(*syscall.Stat_t).Uid, info.Sys().(*syscall.Stat_t).Gid})
	require.Equal(t, fs.FileMode(0o664), info.Mode())
}

func TestReadOnlyFilesStay(t *testing.T) {
	path := old(t, t.TempDir(), 0o444)
	for _, err := range []error{write(path, "new"), atomicfile.Probe(path)} { // root too
		require.ErrorIs(t, err, fs.ErrPermission)
		require.ErrorContains(t, err, path)
	}
	holds(t, path, "old")
	alone(t, filepath.Dir(path), "f")
}

func TestWhatIsNoFileIsWrittenInto(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, os.Symlink("pipe", link))
	for _, path := range []string{pipe, link} {
		require.NoError(t, atomicfile.Probe(path), "waits for nobody")
		read := make(chan string)
		go func() {
			text, _ := os.ReadFile(pipe)
			read <- string(text)
		}()
		require.NoError(t, write(path, "through"))
		require.Equal(t, "through", <-read)
	}
	info, err := os.Lstat(pipe)
	require.NoError(t, err)
	require.Equal(t, fs.ModeNamedPipe, info.Mode().Type())

	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer l.Close()
	require.ErrorContains(t, write(socket, ""), "socket")
	require.ErrorContains(t, atomicfile.Probe(socket), "socket")
	alone(t, dir, "link", "pipe", "socket")
}

// Copies of /dev/null and /dev/full, since a mistake would replace the real ones.
func TestDevicesAreWrittenInto(t *testing.T) {
	dir := t.TempDir()
	null, full := filepath.Join(dir, "null"), filepath.Join(dir, "full")
	for path, minor := range map[string]int{null: 3, full: 7} {
		if err := syscall.Mknod(path, syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
			t.Skip("only root may make devices: ", err)
		}
	}
	if err := write(null, "away"); errors.Is(err, fs.ErrPermission) {
		t.Skip("no devices in the temporary folder: ", err)
	} else {
		require.NoError(t, err)
	}
	require.ErrorIs(t, write(full, "away"), syscall.ENOSPC)
	require.NoError(t, atomicfile.Probe(null))
	for _, path := range []string{null, full} {
		info, err := os.Lstat(path)
		require.NoError(t, err)
		require.Equal(t, fs.ModeDevice|fs.ModeCharDevice, info.Mode().Type(), path)
	}
	alone(t, dir, "full", "null")
}

// A file that this process has open goes by a name of the system, as /dev/stdout does.
func TestOpenFilesAreWrittenInto(t *testing.T) {
	path := old(t, t.TempDir(), 0o600)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, write("/dev/fd/"+strconv.Itoa(int(f.Fd())), " and new"))
	holds(t, path, "old and new")
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, write("/dev/fd/"+strconv.Itoa(int(w.Fd())), "through"))
	require.NoError(t, w.Close())
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "through", string(text))
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f.json")
	temp := atomicfile.Temporary(path)
	require.Equal(t, path, atomicfile.Original(temp))
	for _, name := range []string{temp, path, filepath.Join(dir, "g.json.tmp-ABCDEFGH"), path + ".tmp-mine", path + ".tmp-ABCDEFGHI"} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	require.NoError(t, os.Mkdir(path+".tmp-ABCDEFG2", 0o777))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	require.NoError(t, atomicfile.RemoveLeftovers(filepath.Join(dir, "none", "f"), link))
	alone(t, dir, "f.json", "f.json.tmp-ABCDEFG2", "f.json.tmp-ABCDEFGHI", "f.json.tmp-mine", "g.json.tmp-ABCDEFGH")
	for name, want := range map[string]string{".tmp-ABCDEFGH": "", "a.tmp-ABCDEFGH": "a", "a.tmp-ABCDEFG1": "", "a": "", "a.tmp-": ""} {
		require.Equal(t, want, atomicfile.Original(name), name)
	}
}

// What cannot be renamed over, such as a file that is mounted, gets the content of the complete file.
func TestMountedFilesAreWrittenInto(t *testing.T) {
	path := old(t, t.TempDir(), 0o640)
	inside := filepath.Join(t.TempDir(), "inside")
	require.NoError(t, os.WriteFile(inside, nil, 0o600))
	if err := syscall.Mount(path, inside, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("only root may mount: ", err)
	}
	defer func() { require.NoError(t, syscall.Unmount(inside, 0)) }()
	require.NoError(t, write(inside, "new"))
	holds(t, path, "new")
	alone(t, filepath.Dir(inside), "inside")
	require.Error(t, atomicfile.Write(inside, func(io.Writer) error { return errors.New("no") }))
	holds(t, path, "new")
}
