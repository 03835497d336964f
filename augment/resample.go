package augment

import (
	"fmt"
	"image"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/resample"
)

// Filter says how the pixels of a resized image are weighed. Both filters are PIL's: where they make an image smaller they
// average over as many pixels as fall on one (antialiasing).
type Filter int

const (
	Bilinear Filter = iota // a triangle: what torchvision's transforms do by themselves
	Bicubic                // Catmull-Rom's curve: sharper
)

var filterNames = [...]string{Bilinear: "bilinear", Bicubic: "bicubic"}

func (f Filter) check() error {
	if f < 0 || int(f) >= len(filterNames) {
		return fmt.Errorf("filter %d is neither Bilinear nor Bicubic", int(f))
	}
	return nil
}

// String is "bilinear" or "bicubic".
func (f Filter) String() string {
	if f.check() != nil {
		return fmt.Sprintf("Filter(%d)", int(f))
	}
	return filterNames[f]
}

// MarshalText returns String, or an error for a Filter that is none.
func (f Filter) MarshalText() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("augment: %w", err)
	}
	return []byte(filterNames[f]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (f *Filter) UnmarshalText(text []byte) error {
	for i, name := range filterNames {
		if string(text) == name {
			*f = Filter(i)
			return nil
		}
	}
	return fmt.Errorf("augment: filter %q is neither %s nor %s", text, Bilinear, Bicubic)
}

// resize makes the image the part keep of its part from, resized to the size to.
func resize(img *dataset.Image, from image.Rectangle, to image.Point, keep image.Rectangle, f Filter) {
	p := resample.Plan{From: from, To: to, Keep: keep, Filter: resample.Filter(f)}
	p.Apply(img.Pix, img.Width, img.Channels, func() []uint8 {
		img.Resize(dataset.Shape{Height: keep.Dy(), Width: keep.Dx(), Channels: img.Channels})
		return img.Pix
	})
}
