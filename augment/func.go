package augment

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// Func is a transform of your own. The number of random values it draws must not depend on the pixels.
type Func func(img *dataset.Image, rng *rand.Rand)

// Apply calls f.
func (f Func) Apply(img *dataset.Image, rng *rand.Rand) { f(img, rng) }
