package dataset

import "fmt"

// Shape is the size of images. In order of memory they are rows of pixels of channels.
type Shape struct{ Height, Width, Channels int }

// Len is the number of values of an image.
func (s Shape) Len() int { return s.Height * s.Width * s.Channels }

// possible reports whether an image can have the shape.
func (s Shape) possible() bool {
	if s.Height < 0 || s.Width < 0 || s.Channels < 0 {
		return false
	}
	return s.Height == 0 || s.Width == 0 || s.Height <= maxImage/s.Width && s.Channels <= maxImage/(s.Height*s.Width)
}

// String is as in "32×48×3": height, width and channels.
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.Height, s.Width, s.Channels) }
