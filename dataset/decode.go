package dataset

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // registers the decoder
	_ "image/png"  // registers the decoder
	"io"

	"golang.org/x/image/draw"
)

// maxPixels bounds the memory that decoding takes: a file of a few bytes can claim four billion pixels.
const maxPixels = 1 << 28

// Decode reads one JPEG or PNG image, scaled to width×height (both positive) by the Catmull-Rom kernel, into dst as RGB.
// An image of that size already is copied exactly. Grey, palette and CMYK images are turned to RGB; alpha is seen on
// black. The orientation tag of JPEG files is ignored.
func Decode(r io.Reader, width, height int, fit Fit, dst *Image) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("dataset: reading an image: %w", err)
	}
	if err := decode(raw, width, height, fit, dst); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// decode is Decode without the package's name before its errors, for callers that have a path to add.
func decode(raw []byte, width, height int, fit Fit, dst *Image) error {
	if err := checkGeometry(width, height, fit); err != nil {
		return err
	}
	header, _, err := image.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("not a readable JPEG or PNG image: %w", err)
	}
	if err := checkSource(header.Width, header.Height); err != nil {
		return err
	}
	src, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("not a readable JPEG or PNG image: %w", err)
	}
	return convert(src, width, height, fit, dst)
}

// Convert brings a picture that is decoded already to width×height and RGB, with the bits that Decode gives of its file.
func Convert(src image.Image, width, height int, fit Fit, dst *Image) error {
	if err := checkGeometry(width, height, fit); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if src == nil {
		return fmt.Errorf("dataset: the picture is nil")
	}
	if err := checkSource(src.Bounds().Dx(), src.Bounds().Dy()); err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return convert(src, width, height, fit, dst)
}

func convert(src image.Image, width, height int, fit Fit, dst *Image) error {
	from := src.Bounds()
	if fit == CenterCrop {
		from = centre(from, width, height)
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
	return nil
}

func checkSource(width, height int) error {
	if width <= 0 || height <= 0 || height > maxPixels/width {
		return fmt.Errorf("an image of %d×%d pixels: it must have at least 1 pixel and at most %d", width, height, maxPixels)
	}
	return nil
}

func checkGeometry(width, height int, fit Fit) error {
	if width <= 0 || height <= 0 || width > maxPixels/height {
		return fmt.Errorf("a size of %d×%d pixels was asked for: it must have at least 1 pixel and at most %d",
			width, height, maxPixels)
	}
	return fit.check()
}

// centre returns the largest rectangle of the aspect ratio of width×height in the middle of r.
func centre(r image.Rectangle, width, height int) image.Rectangle {
	w, h := r.Dx(), r.Dy()
	if w*height > h*width {
		w = max(1, (h*width+height/2)/height)
	} else {
		h = max(1, (w*height+width/2)/width)
	}
	at := r.Min.Add(image.Pt((r.Dx()-w)/2, (r.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}
