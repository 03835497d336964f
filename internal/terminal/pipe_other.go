//go:build !windows

package terminal

import "syscall"

var brokenPipe = []error{syscall.EPIPE}
