//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package memory

import "syscall"

// has asks for so much memory and gives it back untouched.
func has(bytes int) bool {
	m, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	return err == nil && syscall.Munmap(m) == nil
}
