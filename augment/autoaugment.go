package augment

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// AutoAugment applies one of the 25 sub-policies found for CIFAR-10 (arXiv 1805.09501, table 7), each with equal odds: two
// operations, each with a probability and a level from 0 to 9 of its own, the direction of those that have two with even
// odds. Levels stand for what they do in torchvision.transforms, in exact fractions: Solarize inverts the bytes that are
// at least 255·(1 − level/9). (The authors' code has 256 and level/10, torchvision's v2 rounds some thresholds up.)
type AutoAugment struct {
	Fill uint8 // byte of what geometric operations uncover; 128 is usual on CIFAR, torchvision's is 0
}

// autoLevels is the highest level of AutoAugment.
const autoLevels = 9

// step is an operation of a sub-policy.
type step struct {
	op    operation
	p     float64
	level int // of strength, from 0 to autoLevels
}

var cifarPolicy = [25][2]step{
	{{invert, 0.1, 0}, {contrast, 0.2, 6}},
	{{rotate, 0.7, 2}, {translateX, 0.3, 9}},
	{{sharpness, 0.8, 1}, {sharpness, 0.9, 3}},
	{{shearY, 0.5, 8}, {translateY, 0.7, 9}},
	{{autoContrast, 0.5, 0}, {equalize, 0.9, 0}},
	{{shearY, 0.2, 7}, {posterize, 0.3, 7}},
	{{color, 0.4, 3}, {brightness, 0.6, 7}},
	{{sharpness, 0.3, 9}, {brightness, 0.7, 9}},
	{{equalize, 0.6, 0}, {equalize, 0.5, 0}},
	{{contrast, 0.6, 7}, {sharpness, 0.6, 5}},
	{{color, 0.7, 7}, {translateX, 0.5, 8}},
	{{equalize, 0.3, 0}, {autoContrast, 0.4, 0}},
	{{translateY, 0.4, 3}, {sharpness, 0.2, 6}},
	{{brightness, 0.9, 6}, {color, 0.2, 8}},
	{{solarize, 0.5, 2}, {invert, 0.0, 0}},
	{{equalize, 0.2, 0}, {autoContrast, 0.6, 0}},
	{{equalize, 0.2, 0}, {equalize, 0.6, 0}},
	{{color, 0.9, 9}, {equalize, 0.6, 0}},
	{{autoContrast, 0.8, 0}, {solarize, 0.2, 8}},
	{{brightness, 0.1, 3}, {color, 0.7, 0}},
	{{solarize, 0.4, 5}, {autoContrast, 0.9, 0}},
	{{translateY, 0.9, 9}, {translateY, 0.7, 9}},
	{{autoContrast, 0.9, 0}, {solarize, 0.8, 3}},
	{{equalize, 0.8, 0}, {invert, 0.1, 0}},
	{{translateY, 0.7, 9}, {autoContrast, 0.9, 0}},
}

// Apply implements Transform.
func (a AutoAugment) Apply(img *dataset.Image, rng *rand.Rand) {
	for _, s := range cifarPolicy[rng.IntN(len(cifarPolicy))] {
		acts, negative := rng.Float64() < s.p, rng.IntN(2) == 0
		if acts {
			s.op.apply(img, s.level, autoLevels, negative, a.Fill)
		}
	}
}
