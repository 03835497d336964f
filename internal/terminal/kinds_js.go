package terminal

import "os"

var hangup, pipe os.Signal
