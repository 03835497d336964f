package augment

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// Grayscale writes the luma of each pixel (0.299 R + 0.587 G + 0.114 B, in the integer arithmetic of PIL) to its three
// channels, with probability P. The zero value never does. Images of another number of channels are left as they are.
type Grayscale struct {
	P float64 // from 0 to 1; 0.2 is usual
}

// Validate implements Validator.
func (g Grayscale) Validate() error { return checkProbability("Grayscale", g.P) }

// Apply implements Transform.
func (g Grayscale) Apply(img *dataset.Image, rng *rand.Rand) {
	if rng.Float64() >= g.P || img.Channels != 3 {
		return
	}
	for p := img.Pix; len(p) >= 3; p = p[3:] {
		gray := luma(p[0], p[1], p[2])
		p[0], p[1], p[2] = gray, gray, gray
	}
}
