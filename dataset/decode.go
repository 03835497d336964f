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

// Decode reads one image of any format of package imagefile, scaled to width×height (both positive) by the Catmull-Rom
// kernel, into dst as RGB. An image of that size already is copied exactly. It comes upright, by EXIF's orientation; grey,
// palette and CMYK images are turned to RGB; alpha is seen on black.
func Decode(r io.Reader, width, height int, fit Fit, dst *Image) error {
	if err := checkGeometry(width, height, fit); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	src, err := imagefile.Decode(context.Background(), r, imagefile.Settings{})
	if err != nil {
		return fmt.Errorf("dataset: reading an image: %w", err)
	}
	convert(src, width, height, fit, dst)
	return nil
}

// Convert brings a picture that is decoded already to width×height and RGB, with the bits that Decode gives of its file.
func Convert(src image.Image, width, height int, fit Fit, dst *Image) error {
	if err := checkGeometry(width, height, fit); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if src == nil {
		return fmt.Errorf("dataset: the picture is nil")
	}
	if size := src.Bounds().Size(); size.X <= 0 || size.Y <= 0 || size.Y > maxSource/size.X {
		return fmt.Errorf("dataset: a picture of %d×%d pixels: it must have at least 1 pixel and at most %d", size.X, size.Y, maxSource)
	}
	convert(src, width, height, fit, dst)
	return nil
}

func convert(src image.Image, width, height int, fit Fit, dst *Image) {
	from := src.Bounds()
	if fit == CenterCrop {
		from = center(from, width, height)
	}
	rgba := image.NewRGBA(image.Rect(0, 0, width, height))
	if from.Dx() == width && from.Dy() == height {
		draw.Draw(rgba, rgba.Rect, src, from.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(rgba, rgba.Rect, src, from, draw.Src, nil)
	}
	dst.Resize(Shape{Height: height, Width: width, Channels: 3})
	for i, o := 0, 0; o < len(dst.Pix); i, o = i+4, o+3 {
		copy(dst.Pix[o:o+3], rgba.Pix[i:i+3])
	}
}

func checkGeometry(width, height int, fit Fit) error {
	if width <= 0 || height <= 0 || width > maxPixels/height {
		return fmt.Errorf("a size of %d×%d pixels was asked for: it must have at least 1 pixel and at most %d",
			width, height, maxPixels)
	}
	return fit.check()
}

// center returns the largest rectangle of the aspect ratio of width×height in the middle of r.
func center(r image.Rectangle, width, height int) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w*height > h*width {
		w = max(1, (h*width+height/2)/height)
	} else {
		h = max(1, (w*height+width/2)/width)
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}
