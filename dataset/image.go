package dataset

import "fmt"

// Image is a picture of unsigned bytes in row-major HWC order: channel c of the pixel in row y and column x is
// Pix[(y*Width+x)*Channels+c]. Colour images have the channels red, green, blue.
type Image struct {
	Width, Height, Channels int
	Pix                     []uint8 // of length Width·Height·Channels
}

// Resize gives the image a new shape, keeping its buffer where it is large enough. The pixels are undefined afterwards.
// No argument may be negative.
func (m *Image) Resize(width, height, channels int) {
	m.Width, m.Height, m.Channels = width, height, channels
	n := width * height * channels
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

// Shape names the extents as "width×height×channels", for messages.
func (m *Image) Shape() string { return shapeString(m.Width, m.Height, m.Channels) }

func shapeString(width, height, channels int) string {
	return fmt.Sprintf("%d×%d×%d", width, height, channels)
}

// Check reports an image that is nil or whose pixels do not fill its shape.
func (m *Image) Check() error {
	if m == nil {
		return fmt.Errorf("is nil")
	}
	if n := m.Width * m.Height * m.Channels; len(m.Pix) != n {
		return fmt.Errorf("has %d bytes of pixels, %s takes %d", len(m.Pix), m.Shape(), n)
	}
	return nil
}
