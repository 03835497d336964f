package augment

import (
	"sync"

	"github.com/longtail-ml/longtail/dataset"
)

// scratch is memory a transform works in. Transforms hold no state, so they borrow it.
type scratch struct {
	pix    []uint8
	floats []float32
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func borrow() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) release() { scratches.Put(s) }

// sized returns v with length n, keeping its memory where it is large enough; the values are undefined.
func sized[T any](v []T, n int) []T {
	if cap(v) < n {
		return make([]T, n)
	}
	return v[:n]
}

// copyOf returns the pixels of img in scratch memory.
func (s *scratch) copyOf(img *dataset.Image) []uint8 {
	s.pix = sized(s.pix, len(img.Pix))
	copy(s.pix, img.Pix)
	return s.pix
}

// lookUp replaces each byte by its entry in the table.
func lookUp(pix []uint8, table *[256]uint8) {
	for i, v := range pix {
		pix[i] = table[v]
	}
}

// luma is the brightness of a pixel in the integer arithmetic of PIL.
func luma(r, g, b uint8) uint8 {
	return uint8((uint32(r)*19595 + uint32(g)*38470 + uint32(b)*7471 + 0x8000) >> 16)
}

// blend is PIL's Image.blend of one byte: from a at factor 0 to b at factor 1, and on beyond both, truncated and clipped.
func blend(a, b uint8, factor float32) uint8 {
	v := float32(a) + float32(factor*float32(int(b)-int(a))) // the conversion keeps the product from being fused
	return uint8(min(max(v, 0), 255))
}
