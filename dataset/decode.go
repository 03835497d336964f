package dataset

import (
	"context"
	"fmt"
	"image"
	"io"

	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/internal/resample"
)

const (
	maxPixels = imagefile.DefaultMaxPixels // of the size that images are brought to
	maxSource = 1 << 28                    // of a picture that is decoded already
)

// Scale is what a picture is brought to.
type Scale struct {
	Height, Width int // both positive; equal for ShorterSide, and 0 for Whole
	Fit           Fit // what to do about another aspect ratio; the zero value is CenterCrop
}

// Decode reads one image of any format of package imagefile, scaled to s by PIL's bicubic filter, into dst as RGB. An image of that
// size already is copied exactly. It comes upright, by EXIF's orientation; grey, palette and CMYK images are turned to RGB; alpha
// is seen on black.
func Decode(r io.Reader, s Scale, dst *Image) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	src, err := imagefile.Decode(context.Background(), r, imagefile.Settings{})
	if err != nil {
		return fmt.Errorf("dataset: reading an image: %w", err)
	}
	s.convert(src, src.Bounds(), dst)
	return nil
}

// Convert brings a picture that is decoded already to s and RGB, with the bits that Decode gives of its file.
func Convert(src image.Image, s Scale, dst *Image) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if src == nil {
		return fmt.Errorf("dataset: the picture is nil")
	}
	if size := src.Bounds().Size(); size.X <= 0 || size.Y <= 0 || size.Y > maxSource/size.X {
		return fmt.Errorf("dataset: a picture of %d×%d pixels: it must have at least 1 pixel and at most %d", size.X, size.Y, maxSource)
	}
	s.convert(src, src.Bounds(), dst)
	return nil
}

// convert reads the rectangle from of a picture.
func (s Scale) convert(src image.Image, from image.Rectangle, dst *Image) {
	if s.Fit == CenterCrop {
		from = s.center(from)
	}
	dst.Resize(Shape{from.Dy(), from.Dx(), 3})
	toRGB(dst.Pix, src, from)
	if to := s.size(from.Size()); to != from.Size() {
		p := resample.Plan{From: from.Sub(from.Min), To: to, Keep: image.Rectangle{Max: to}, Filter: resample.Bicubic}
		p.Apply(dst.Pix, dst.Width, 3, func() []uint8 {
			dst.Resize(Shape{to.Y, to.X, 3})
			return dst.Pix
		})
	}
}

// size is what a picture, or the part of it that is seen, is brought to.
func (s Scale) size(from image.Point) image.Point {
	switch s.Fit {
	case Whole:
		return from
	case ShorterSide:
		return resample.Shorter(from.X, from.Y, s.Width, maxPixels)
	}
	return image.Pt(s.Width, s.Height)
}

func (s Scale) check() error {
	if err := s.Fit.check(); err != nil {
		return err
	}
	switch {
	case s.Fit == Whole && s.Height == 0 && s.Width == 0:
		return nil
	case s.Fit == Whole:
		return fmt.Errorf("a size of %d×%d pixels was asked for, and whole images, which have their own: leave Height and Width 0", s.Height, s.Width)
	case s.Height <= 0 || s.Width <= 0 || s.Width > maxPixels/s.Height:
		return fmt.Errorf("a size of %d×%d pixels was asked for: it must have at least 1 pixel and at most %d", s.Height, s.Width, maxPixels)
	case s.Fit == ShorterSide && s.Height != s.Width:
		return fmt.Errorf("shorter sides of %d and of %d pixels were asked for: give one number", s.Height, s.Width)
	}
	return nil
}

// center returns the largest rectangle of the aspect ratio of s in the middle of r.
func (s Scale) center(r image.Rectangle) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w*s.Height > h*s.Width {
		w = max(1, (h*s.Width+s.Height/2)/s.Height)
	} else {
		h = max(1, (w*s.Height+s.Width/2)/s.Width)
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}
