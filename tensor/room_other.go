//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package tensor

// systemHas cannot be asked here: up to 16 GiB are tried.
func systemHas(bytes int) bool { return bytes>>34 == 0 }
