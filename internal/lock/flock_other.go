//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd && !windows

package lock

import "os"

func flock(*os.File) (bool, error) { return false, errUnsupported }

func shared(*os.File) (bool, error) { return false, errUnsupported }
