package kernels

// frame is the part of an image of h×w pixels of c values that a convolution reads: rows×cols pixels from the pixel
// (top, left) on. The pixels that lie outside the image are zero.
type frame struct{ h, w, c, top, left, rows, cols int }

// size is the number of values.
func (f frame) size() int { return f.rows * f.cols * f.c }

// crop is the part of the frame that has the given rows.
func (f frame) crop(row, rows int) frame {
	f.top, f.rows = f.top+row, rows
	return f
}

// view returns the frame's values, and scratch to be put back that they may be in.
func (f frame) view(image []float32) ([]float32, *scratch) { return f.viewOf(nil, image) }

// viewOf is view of an image that goes through an activation first; nil is none.
func (f frame) viewOf(before *Activation, image []float32) ([]float32, *scratch) {
	if before == nil && f.left == 0 && f.cols == f.w && f.top >= 0 && f.top+f.rows <= f.h {
		return image[f.top*f.w*f.c:][:f.size()], getScratch(0)
	}
	s := getScratch(f.size())
	first, last := clamp(f.left, f.w), clamp(f.left+f.cols, f.w) // columns that there are
	left, n := (first-f.left)*f.c, (last-first)*f.c
	if n == 0 {
		left = 0
	}
	for r := range f.rows {
		row := s.data[r*f.cols*f.c:][:f.cols*f.c]
		y := f.top + r
		if y < 0 || y >= f.h {
			clear(row)
			continue
		}
		clear(row[:left])
		if before != nil {
			before.apply(row[left:], image[(y*f.w+first)*f.c:], last-first, f.c)
		} else {
			copy(row[left:], image[(y*f.w+first)*f.c:][:n])
		}
		clear(row[left+n:])
	}
	return s.data, s
}

func clamp(i, n int) int { return min(max(i, 0), n) }
