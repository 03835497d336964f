package dataset

import "fmt"

// Shape is the size of images. In order of memory they are rows of pixels of channels.
type Shape struct{ Height, Width, Channels int }

// Len is the number of values of an image.
func (s Shape) Len() int { return s.Height * s.Width * s.Channels }

// String is as in "32×48×3": height, width and channels.
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.Height, s.Width, s.Channels) }
