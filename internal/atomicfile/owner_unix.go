//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

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
