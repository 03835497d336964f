package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// RandAugment applies N operations drawn from fourteen with equal odds and replacement, all at magnitude M, the direction
// of those that have two with even odds (arXiv 1909.13719): none, ShearX, ShearY, TranslateX, TranslateY, Rotate,
// Brightness, Color, Contrast, Sharpness, Posterize, Solarize, AutoContrast, Equalize. Magnitudes stand for what they do in
// torchvision.transforms with 31 bins, in exact fractions: Solarize inverts the bytes that are at least 255·(1 − M/30). The
// zero value leaves images as they are.
type RandAugment struct {
	N    int   // at least 0; 2 is usual
	M    int   // from 0 to 30; 9 is usual
	Fill uint8 // byte of what geometric operations uncover
}

// randLevels is the highest magnitude of RandAugment.
const randLevels = 30

// Validate implements Validator.
func (r RandAugment) Validate() error {
	if r.N < 0 || r.N > 1000 {
		return fmt.Errorf("augment: RandAugment.N is %d: it must be at least 0 and at most 1000", r.N)
	}
	if r.M < 0 || r.M > randLevels {
		return fmt.Errorf("augment: RandAugment.M is %d: it must be at least 0 and at most %d", r.M, randLevels)
	}
	return nil
}

// Apply implements Transform.
func (r RandAugment) Apply(img *dataset.Image, rng *rand.Rand) {
	for range r.N {
		op, negative := operation(rng.IntN(int(equalize)+1)), rng.IntN(2) == 0
		op.apply(img, r.M, randLevels, negative, r.Fill)
	}
}
