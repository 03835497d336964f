//go:build !js

package terminal

import (
	"os"
	"syscall"
)

// hangup is a terminal that goes away, pipe a stream without a reader; nil where there are none.
var hangup, pipe os.Signal = syscall.SIGHUP, syscall.SIGPIPE
