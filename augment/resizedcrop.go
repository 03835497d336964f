package augment

import (
	"cmp"
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// ResizedCrop cuts out a random box and resizes it. The box covers a fraction of the image uniform in [MinScale, MaxScale],
// with width/height log-uniform in [MinRatio, MaxRatio] (arXiv 1409.4842; torchvision's RandomResizedCrop). If ten such boxes do
// not fit, it takes the largest box of such a ratio in the middle. Images may be of any size, and with Width and Height all
// end in one.
type ResizedCrop struct {
	MinScale float64 // above 0, at most 1; 0 means 0.08
	MaxScale float64 // from MinScale to 1; 0 means 1
	MinRatio float64 // above 0; 0 means 3/4
	MaxRatio float64 // at least MinRatio; 0 means 4/3
	Width    int     // of the result, and Height, both or neither; 0 means those of the image
	Height   int
	Filter   Filter // the zero value is Bilinear
}

// Validate implements Validator.
func (r ResizedCrop) Validate() error {
	if !(r.MinScale >= 0 && r.MinScale <= 1) {
		return fmt.Errorf("augment: ResizedCrop.MinScale is %g: it must be above 0 and at most 1, or 0 for 0.08", r.MinScale)
	}
	if s := r.withDefaults(); !(s.MaxScale >= s.MinScale && s.MaxScale <= 1) {
		return fmt.Errorf("augment: ResizedCrop.MaxScale is %g: it must be at least MinScale, %g, and at most 1", s.MaxScale, s.MinScale)
	}
	if s := r.withDefaults(); !(s.MinRatio >= 1e-3 && s.MinRatio <= s.MaxRatio && s.MaxRatio <= 1e3) {
		return fmt.Errorf("augment: ResizedCrop with ratios from %g to %g: they must be in order, from 0.001 to 1000", s.MinRatio, s.MaxRatio)
	}
	if r.Width < 0 || r.Height < 0 || (r.Width == 0) != (r.Height == 0) {
		return fmt.Errorf("augment: ResizedCrop of %d×%d: set both Width and Height, or neither to keep the image's size",
			r.Width, r.Height)
	}
	if float64(r.Width)*float64(r.Height) > mostPixels {
		return fmt.Errorf("augment: ResizedCrop of %d×%d: at most %d pixels are made", r.Width, r.Height, mostPixels)
	}
	if err := r.Filter.check(); err != nil {
		return fmt.Errorf("augment: ResizedCrop: %w", err)
	}
	return nil
}

func (r ResizedCrop) withDefaults() ResizedCrop {
	r.MinScale, r.MaxScale = cmp.Or(r.MinScale, 0.08), cmp.Or(r.MaxScale, 1)
	r.MinRatio, r.MaxRatio = cmp.Or(r.MinRatio, 3./4), cmp.Or(r.MaxRatio, 4./3)
	return r
}

// mostPixels is what a transform may make of an image: 64 megapixels.
const mostPixels = 1 << 26

// Apply implements Transform.
func (r ResizedCrop) Apply(img *dataset.Image, rng *rand.Rand) {
	box := r.box(img.Width, img.Height, rng)
	if box.Empty() { // an image without pixels
		return
	}
	to := image.Pt(cmp.Or(r.Width, img.Width), cmp.Or(r.Height, img.Height))
	resize(img, box, to, image.Rectangle{Max: to}, r.Filter)
}

func (r ResizedCrop) box(width, height int, rng *rand.Rand) image.Rectangle {
	r = r.withDefaults()
	low, high := math.Log(r.MinRatio), math.Log(r.MaxRatio)
	for range 10 {
		area := float64(width) * float64(height) * (r.MinScale + (r.MaxScale-r.MinScale)*rng.Float64())
		ratio := math.Exp((low+high)/2 + (high-low)/2*(2*rng.Float64()-1))
		w, h := int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if w > 0 && h > 0 && w <= width && h <= height {
			x, y := rng.IntN(width-w+1), rng.IntN(height-h+1)
			return image.Rect(x, y, x+w, y+h)
		}
	}
	w := min(width, int(math.RoundToEven(float64(height)*r.MaxRatio)))
	h := min(height, int(math.RoundToEven(float64(width)/r.MinRatio)))
	return middle(image.Pt(width, height), image.Pt(w, h))
}

// middle is the rectangle of the size inner in the middle of one of the size outer, which is not smaller.
func middle(outer, inner image.Point) image.Rectangle {
	at := outer.Sub(inner).Div(2)
	return image.Rectangle{Min: at, Max: at.Add(inner)}
}
