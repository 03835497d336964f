// Package lock lets one process at a time use a folder or a file. The lock is a file that says who holds it. The system takes
// the lock away from a process that ends, however it ends: what file it leaves is no lock. Where the system cannot do that,
// as on some network disks, a lock of a process of this host that is gone counts as none.
package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Lock is a lock that this process holds.
type Lock struct {
	path string
	file *os.File
}

// InUseError says who holds a lock.
type InUseError struct {
	Path  string    // of the lock file
	What  string    // the folder or file that is in use
	PID   int       // of the process; 0: it is not known
	Host  string    // it runs on
	Since time.Time // when it took the lock
}

// Error says how to go on.
func (e *InUseError) Error() string {
	by := "another process"
	if e.PID != 0 {
		by = fmt.Sprintf("process %d on %s since %s", e.PID, e.Host, e.Since.Local().Format(time.DateTime))
	}
	return fmt.Sprintf("%s is in use by %s: wait until it is done, or stop it, or choose another; if there is no such process, remove %s", e.What, by, e.Path)
}

// holder is what a lock file says.
type holder struct {
	PID   int       `json:"pid"`
	Host  string    `json:"host"`
	Since time.Time `json:"since"`
}

// Acquire takes the lock of what, a folder or a file, in the lock file path, whose folder must be there. One that is held,
// by this process too, is an *InUseError. Where this process may write nothing there is nothing to protect, and the lock is
// nil.
func Acquire(path, what string) (*Lock, error) { return acquire(path, what, flock) }

// errUnsupported says that there is no locking by the system.
var errUnsupported = errors.New("no locks here")

// moment is longer than one who asks has a lock.
const moment = 20 * time.Millisecond

// acquire is Acquire with try, which takes the lock of a file and reports whether it could.
func acquire(path, what string, try func(*os.File) (bool, error)) (*Lock, error) {
	again := true
	for range 100 { // another process may have removed the file meanwhile
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		foreign := errors.Is(err, fs.ErrPermission)
		if foreign { // of another user
			if f, err = os.Open(path); err != nil {
				return nil, nil
			}
		}
		if readOnly(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("taking the lock of %s: %w", what, err)
		}
		got, err := try(f)
		if err == nil && !got && again { // perhaps by one who asks, see FolderInUse
			again = false
			f.Close()
			time.Sleep(moment)
			continue
		}
		if err == nil && got && foreign {
			err = os.Remove(path)
			f.Close()
			if err != nil {
				return nil, nil
			}
			continue
		}
		if errors.Is(err, errUnsupported) {
			got, err = !read(f).inUse(), nil
		}
		if err == nil && got && !same(f, path) {
			f.Close()
			continue
		}
		if err == nil && got {
			if err = write(f); err == nil {
				return &Lock{path, f}, nil
			}
		}
		held := heldBy(f, path, what)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("taking the lock of %s: %w", what, err)
		}
		return nil, held
	}
	return nil, &InUseError{Path: path, What: what}
}

// Folder takes the lock of a folder, which is its file lock.
func Folder(dir string) (*Lock, error) { return Acquire(filepath.Join(dir, "lock"), dir) }

// FolderInUse is the *InUseError of Folder for a folder whose lock is held. It writes nothing. Where a killed process left its file it
// has that locked for a moment, beside others who ask, and Acquire waits for that.
func FolderInUse(dir string) error { return inUse(filepath.Join(dir, "lock"), dir, shared) }

// inUse is FolderInUse with try, which takes a shared lock of a file and reports whether it could.
func inUse(path, what string, try func(*os.File) (bool, error)) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) { // as Acquire has it
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking for the lock of %s: %w", what, err)
	}
	defer f.Close() // which gives it back
	got, err := try(f)
	if errors.Is(err, errUnsupported) {
		got, err = !read(f).inUse(), nil
	}
	if err != nil || got {
		return err
	}
	return heldBy(f, path, what)
}

func heldBy(f *os.File, path, what string) *InUseError {
	who := read(f)
	return &InUseError{Path: path, What: what, PID: who.PID, Host: who.Host, Since: who.Since}
}

// Release gives the lock back. A nil lock does nothing.
func (l *Lock) Release() {
	if l == nil {
		return
	}
	_ = os.Remove(l.path) // first, while nobody else can have it; Windows removes closed files only
	l.file.Close()
	removeClosed(l.path)
}

func same(f *os.File, path string) bool {
	is, err := f.Stat()
	if err != nil {
		return false
	}
	at, err := os.Stat(path)
	return err == nil && os.SameFile(is, at)
}

func write(f *os.File) error {
	host, _ := os.Hostname()
	text, err := json.Marshal(holder{os.Getpid(), host, time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(text, '\n'), 0)
	return err
}

// read returns the zero value for what says nothing.
func read(f *os.File) (h holder) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<12))
	if err != nil || json.Unmarshal(text, &h) != nil {
		return holder{}
	}
	return h
}

// inUse reports whether the holder may be at work. Of another host that cannot be told.
func (h holder) inUse() bool {
	host, _ := os.Hostname()
	return h.PID != 0 && (h.Host != host || alive(h.PID))
}
