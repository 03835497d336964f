package dataset

import (
	"context"
	"fmt"
	"image"
	"io"

	"github.com/longtail-ml/longtail/imagefile"
	"golang.org/x/image/draw"
)

const (
	maxPixels = imagefile.DefaultMaxPixels // of the size that images are brought to
	maxSource = 1 << 28                    // of a picture that is decoded already
)

// Scale is what a picture is brought to.
type Scale struct {
	Height, Width int // both positive
	Fit           Fit // what to do about another aspect ratio; the zero value is CenterCrop
}

// Decode reads one image of any format of package imagefile, scaled to s by the Catmull-Rom kernel, into dst as RGB. An image of that size already is copied exactly. It comes upright, by EXIF's orientation; grey,
// palette and CMYK images are turned to RGB; alpha is seen on black.
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
	rgba := image.NewRGBA(image.Rect(0, 0, s.Width, s.Height))
	if from.Dx() == s.Width && from.Dy() == s.Height {
		draw.Draw(rgba, rgba.Rect, src, from.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(rgba, rgba.Rect, src, from, draw.Src, nil)
	}
	dst.Resize(Shape{s.Height, s.Width, 3})
	for i, o := 0, 0; o < len(dst.Pix); i, o = i+4, o+3 {
		copy(dst.Pix[o:o+3], rgba.Pix[i:i+3])
	}
}

func (s Scale) check() error {
	if s.Height <= 0 || s.Width <= 0 || s.Width > maxPixels/s.Height {
		return fmt.Errorf("a size of %d×%d pixels was asked for: it must have at least 1 pixel and at most %d",
			s.Height, s.Width, maxPixels)
	}
	return s.Fit.check()
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
