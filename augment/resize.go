package augment

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/resample"
)

// Resize brings the shorter side of an image to a number of pixels and keeps its aspect ratio, as torchvision's Resize of one
// number does. The zero value leaves images as they are. It draws nothing.
type Resize struct {
	Shorter int    // pixels; 256 is usual before a CenterCrop of 224
	Filter  Filter // the zero value is Bilinear
}

// Validate implements Validator.
func (r Resize) Validate() error {
	if r.Shorter < 0 || r.Shorter > 1<<13 {
		return fmt.Errorf("augment: Resize.Shorter is %d: it must be positive and at most %d, or 0 to leave images as they are", r.Shorter, 1<<13)
	}
	if err := r.Filter.check(); err != nil {
		return fmt.Errorf("augment: Resize: %w", err)
	}
	return nil
}

// Apply implements Transform. An image so long that it would pass 64 megapixels is made smaller than Shorter.
func (r Resize) Apply(img *dataset.Image, _ *rand.Rand) {
	if img.Width > 0 && img.Height > 0 {
		to := r.size(img)
		r.cut(img, to, image.Rectangle{Max: to})
	}
}

// size is what r makes of an image that has pixels.
func (r Resize) size(img *dataset.Image) image.Point {
	w, h := img.Width, img.Height
	if r.Shorter <= 0 {
		return image.Pt(w, h)
	}
	return resample.Shorter(w, h, r.Shorter, mostPixels)
}

// cut makes the image the part keep of what it is at the size to.
func (r Resize) cut(img *dataset.Image, to image.Point, keep image.Rectangle) {
	if whole := image.Rect(0, 0, img.Width, img.Height); to != whole.Max || keep != whole {
		resize(img, whole, to, keep, r.Filter)
	}
}

// CenterCrop cuts the middle out of an image, after the resizing that comes first in evaluation, of which it computes no more
// than is kept: CenterCrop{Resize{Shorter: 256}, 224, 224} is torchvision's Resize(256) and CenterCrop(224). An image that is
// too small is laid on black. The zero value leaves images as they are. It draws nothing.
type CenterCrop struct {
	Resize
	Height, Width int // both or neither; neither keeps all
}

// Validate implements Validator.
func (c CenterCrop) Validate() error {
	if c.Width < 0 || c.Height < 0 || (c.Width == 0) != (c.Height == 0) || float64(c.Width)*float64(c.Height) > mostPixels {
		return fmt.Errorf("augment: CenterCrop of %d×%d: set both Height and Width, or neither to keep all; at most %d pixels are made",
			c.Height, c.Width, mostPixels)
	}
	return c.Resize.Validate()
}

// Apply implements Transform.
func (c CenterCrop) Apply(img *dataset.Image, rng *rand.Rand) {
	switch {
	case c.Width <= 0 || c.Height <= 0:
		c.Resize.Apply(img, rng)
	case img.Width > 0 && img.Height > 0:
		at := func(whole, part int) int { // as torchvision rounds
			if whole < part {
				return -((part - whole) / 2)
			}
			return int(math.RoundToEven(float64(whole-part) / 2))
		}
		to := c.size(img)
		x, y := at(to.X, c.Width), at(to.Y, c.Height)
		c.window(img, to, image.Rect(x, y, x+c.Width, y+c.Height))
	}
}

// window makes the image the part keep of what it is at the size to, black where that ends.
func (r Resize) window(img *dataset.Image, to image.Point, keep image.Rectangle) {
	seen := keep.Intersect(image.Rectangle{Max: to})
	r.cut(img, to, seen)
	if seen != keep {
		pad(img, seen.Min.Sub(keep.Min), keep.Size())
	}
}

// pad lays the image on black of a size, with its corner at a place.
func pad(img *dataset.Image, at, size image.Point) {
	s := borrow()
	defer s.release()
	old := dataset.Image{Height: img.Height, Width: img.Width, Channels: img.Channels, Pix: s.copyOf(img)}
	img.Resize(dataset.Shape{Height: size.Y, Width: size.X, Channels: old.Channels})
	clear(img.Pix)
	for y := range old.Height {
		copy(img.Row(at.Y + y)[at.X*old.Channels:], old.Row(y))
	}
}
