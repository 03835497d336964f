package terminal

import "golang.org/x/sys/windows"

var brokenPipe = []error{windows.ERROR_BROKEN_PIPE, windows.ERROR_NO_DATA}
