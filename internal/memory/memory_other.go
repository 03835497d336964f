//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package memory

// has cannot be asked here: up to 16 GiB are tried.
func has(bytes int) bool { return bytes>>34 == 0 }
