package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Probe reports why Write could not write path, before there is anything to write. It leaves nothing behind.
func Probe(path string) error {
	to, err := find(path)
	if err != nil || to.into { // opening a FIFO would wait for its reader, and end what the reader reads
		return err
	}
	temp := Temporary(to.path)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(temp))
}

// Resolve returns where the links at path lead, and whether Write would replace what is there, or make it.
func Resolve(path string) (to string, plain bool, err error) {
	t, err := find(path)
	return t.path, !t.into, err
}

// target is what a path leads to.
type target struct {
	path string      // without links
	old  fs.FileInfo // of the regular file there; nil: there is none
	into bool        // it is no regular file
}

// perm is the mode of the temporary file: nobody who could not read the old file reads the new one.
func (t target) perm() fs.FileMode {
	if t.old == nil {
		return 0o666
	}
	return t.old.Mode().Perm() | 0o200 // some file systems write by mode
}

// find follows links, and refuses what must not be replaced.
func find(path string) (target, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		to, err := follow(path)
		return target{path: to}, err
	case err != nil:
		return target{}, err
	case info.IsDir():
		return target{}, &fs.PathError{Op: "write", Path: path, Err: errors.New("is a folder: name a file")}
	case info.Mode()&fs.ModeSocket != 0:
		return target{}, &fs.PathError{Op: "write", Path: path, Err: errors.New("is a socket, which takes no file: name a file")}
	case !info.Mode().IsRegular():
		return target{path: path, into: true}, nil
	}
	to, err := follow(path)
	if err != nil {
		return target{}, err
	}
	if ofSystem(to) { // what has the file open goes on with it
		return target{path: path, into: true}, nil
	}
	if info.Mode().Perm()&0o222 == 0 { // which does not stop root
		return target{}, &fs.PathError{Op: "write", Path: path, Err: fmt.Errorf("%w: the file is read-only", fs.ErrPermission)}
	}
	f, err := os.OpenFile(to, os.O_WRONLY, 0) // a rename needs no right to the file itself
	if err != nil {
		return target{}, err
	}
	return target{path: to, old: info}, f.Close()
}

// follow returns where the links at path lead in the end, whether or not there is something. Links of the system, which
// need not lead to a path, it leaves.
func follow(path string) (string, error) {
	for range 40 {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 || ofSystem(path) {
			return path, nil
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Dir(path) + string(filepath.Separator) + to // not joined: a/.. is another folder where a is a link
		}
		path = to
	}
	return "", &fs.PathError{Op: "write", Path: path, Err: errors.New("links lead in a circle")}
}

// ofSystem reports whether path names an open file, as /dev/stdout does in the end.
func ofSystem(path string) bool {
	return strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/") && strings.Contains(path, "/fd/")
}
