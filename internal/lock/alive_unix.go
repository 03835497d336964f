//go:build unix

package lock

import (
	"errors"
	"syscall"
)

// alive reports whether there is such a process, of whatever user.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || err == syscall.EPERM
}

// readOnly reports that the whole file system is.
func readOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

func removeClosed(string) {}
