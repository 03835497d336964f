//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// openInto opens what is no regular file. A FIFO that nobody reads for so long is an error: waiting on would never end.
func openInto(path string, wait time.Duration) (*os.File, error) {
	for end := time.Now().Add(wait); ; time.Sleep(wait / 100) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, err
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("nobody reads it: %w", err)
		}
	}
}

// makeAlike gives f the owner and the mode of another file, and reports whether it could.
func makeAlike(f *os.File, old fs.FileInfo) bool {
	now, err := f.Stat()
	if err != nil {
		return false
	}
	is, known := now.Sys().(*syscall.Stat_t)
	was, same := old.Sys().(*syscall.Stat_t)
	moved := known && same && (is.Uid != was.Uid || is.Gid != was.Gid)
	if moved && f.Chown(int(was.Uid), int(was.Gid)) != nil {
		return false
	}
	const all = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	if now.Mode()&all == old.Mode()&all && !moved { // a change of owner takes bits away
		return true
	}
	return f.Chmod(old.Mode()&all) == nil
}
