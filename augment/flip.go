package augment

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// Flip mirrors the image left to right with probability P. The zero value never does.
type Flip struct {
	P float64 // from 0 to 1; 0.5 is usual
}

// Validate implements Validator.
func (f Flip) Validate() error { return checkProbability("Flip", f.P) }

// Apply implements Transform.
func (f Flip) Apply(img *dataset.Image, rng *rand.Rand) {
	if rng.Float64() < f.P {
		Mirror(img)
	}
}

// Mirror turns the image left to right.
func Mirror(img *dataset.Image) {
	channels := img.Channels
	for y := range img.Height {
		row := img.Row(y)
		for l, r := 0, len(row)-channels; l < r; l, r = l+channels, r-channels {
			for c := range channels {
				row[l+c], row[r+c] = row[r+c], row[l+c]
			}
		}
	}
}
