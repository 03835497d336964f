package augment

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// ResizedCrop cuts out a random box and resizes it, bilinearly and antialiased as PIL does. The box covers a fraction of
// the image uniform in [MinScale, 1], with width/height log-uniform in [3/4, 4/3] (arXiv 1409.4842; torchvision's
// RandomResizedCrop). If ten such boxes do not fit, it takes the largest box of such a ratio in the middle.
type ResizedCrop struct {
	MinScale      float64 // above 0, at most 1; 0 means 0.08
	Width, Height int     // of the result, both or neither; 0 means those of the image
}

// Validate implements Validator.
func (r ResizedCrop) Validate() error {
	if !(r.MinScale >= 0 && r.MinScale <= 1) {
		return fmt.Errorf("augment: ResizedCrop.MinScale is %g: it must be above 0 and at most 1, or 0 for 0.08", r.MinScale)
	}
	if r.Width < 0 || r.Height < 0 || (r.Width == 0) != (r.Height == 0) {
		return fmt.Errorf("augment: ResizedCrop of %d×%d: set both Width and Height, or neither to keep the image's size",
			r.Width, r.Height)
	}
	if float64(r.Width)*float64(r.Height) > mostPixels {
		return fmt.Errorf("augment: ResizedCrop of %d×%d: at most %d pixels are made", r.Width, r.Height, mostPixels)
	}
	return nil
}

// mostPixels is what a transform may make of an image: 64 megapixels.
const mostPixels = 1 << 26

// Apply implements Transform.
func (r ResizedCrop) Apply(img *dataset.Image, rng *rand.Rand) {
	x, y, w, h := r.box(img.Width, img.Height, rng)
	if w == 0 || h == 0 { // an image without pixels
		return
	}
	resample(img, x, y, w, h, cmp.Or(r.Width, img.Width), cmp.Or(r.Height, img.Height))
}

func (r ResizedCrop) box(width, height int, rng *rand.Rand) (x, y, w, h int) {
	smallest, limit := cmp.Or(r.MinScale, 0.08), math.Log(4./3)
	for range 10 {
		area := float64(width*height) * (smallest + (1-smallest)*rng.Float64())
		ratio := math.Exp(limit * (2*rng.Float64() - 1))
		w, h = int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if w > 0 && h > 0 && w <= width && h <= height {
			return rng.IntN(width - w + 1), rng.IntN(height - h + 1), w, h
		}
	}
	w = min(width, int(math.RoundToEven(float64(height)*4/3)))
	h = min(height, int(math.RoundToEven(float64(width)*4/3)))
	return (width - w) / 2, (height - h) / 2, w, h
}
