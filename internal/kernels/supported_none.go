//go:build (!amd64 && !arm64) || noasm

package kernels

// supported is empty: there is no assembly for this processor, or the tag noasm leaves it out.
func supported() instructions { return 0 }
