package dataset

import (
	"fmt"
	"image"
)

// Image is a picture of unsigned bytes in row-major HWC order: channel c of the pixel in row y and column x is
// Pix[(y*Width+x)*Channels+c]. Colour images have the channels red, green, blue.
type Image struct {
	Height, Width, Channels int
	Pix                     []uint8 // of length Height·Width·Channels
}

// ShapeError is a shape that no image can have. Image.Resize panics with it; a trainer returns it.
type ShapeError struct{ Shape Shape }

// Error names the shape.
func (e *ShapeError) Error() string {
	return fmt.Sprintf("dataset: an image of %s: no extent may be negative, and there may be at most %d pixels and values", e.Shape, maxImage)
}

// Resize gives the image a new shape, keeping its buffer where it is large enough. The pixels are undefined afterwards.
// It panics with *ShapeError if an extent is negative or the image would have more than 1<<30 pixels or values.
func (m *Image) Resize(s Shape) {
	if !s.possible() {
		panic(&ShapeError{s})
	}
	m.Height, m.Width, m.Channels = s.Height, s.Width, s.Channels
	n := s.Len()
	if cap(m.Pix) < n {
		m.Pix = make([]uint8, n)
	}
	m.Pix = m.Pix[:n]
}

// Row returns the Width·Channels bytes of row y, sharing memory with the image.
func (m *Image) Row(y int) []uint8 {
	stride := m.Width * m.Channels
	return m.Pix[y*stride : (y+1)*stride : (y+1)*stride]
}

// Shape returns the extents.
func (m *Image) Shape() Shape { return Shape{m.Height, m.Width, m.Channels} }

// Check reports an image that is nil or whose pixels do not fill its shape.
func (m *Image) Check() error {
	if m == nil {
		return fmt.Errorf("is nil")
	}
	s := m.Shape()
	if s.Height < 0 || s.Width < 0 || s.Channels < 0 {
		return fmt.Errorf("has a shape of %s: none of it may be negative", s)
	}
	if n := float64(s.Height) * float64(s.Width) * float64(s.Channels); n != float64(len(m.Pix)) { // an integer could overflow
		return fmt.Errorf("has %d bytes of pixels, %s takes %.0f", len(m.Pix), s, n)
	}
	return nil
}

// Picture returns a copy of an image of one or three channels for package image, to show it: what Convert undoes.
func (m *Image) Picture() (*image.RGBA, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	if m.Channels != 1 && m.Channels != 3 {
		return nil, fmt.Errorf("has %d channels: a picture has one or three", m.Channels)
	}
	p := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for at := range m.Height * m.Width {
		v, q := m.Pix[at*m.Channels:(at+1)*m.Channels], p.Pix[4*at:]
		q[0], q[1], q[2], q[3] = v[0], v[len(v)/2], v[len(v)-1], 255
	}
	return p, nil
}
