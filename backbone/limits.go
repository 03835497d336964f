package backbone

import (
	"fmt"

	"github.com/longtail-ml/longtail/tensor"
)

const (
	mostChannels = 1 << 20 // of an image, a layer or a group: products of a few such numbers do not overflow
	mostDepth    = 10_000  // the paper's deepest network has 1,202 layers
	mostBranches = 1_000
	mostWeights  = 1 << 32 // of a whole network, 16 GiB
)

// checkSizes reports a size that is below 1, or beyond what any network has.
func checkSizes(kind string, most int, names string, sizes ...int) error {
	for _, n := range sizes {
		if n < 1 || n > most {
			return fmt.Errorf("backbone: %s with %s of %v: each must be at least 1 and at most %d", kind, names, sizes, most)
		}
	}
	return nil
}

// build returns what make returns, and mistakes of shape as errors. weights is how many there will be, at least.
func build[T any](kind string, weights float64, make func() T) (made T, err error) {
	if weights > mostWeights {
		return made, fmt.Errorf("backbone: %s would have more than %.2g weights, at most %.2g fit: make it narrower", kind, weights, float64(mostWeights))
	}
	err = tensor.Try(func() error { made = make(); return nil })
	if err != nil {
		return made, fmt.Errorf("backbone: %s: %w", kind, err)
	}
	return made, nil
}
