//go:build !noasm

package kernels

// supported is what every processor of this architecture has.
func supported() instructions { return neon }
