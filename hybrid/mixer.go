package hybrid

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// Mixer blends the samples of a batch, as mixup (arXiv 1710.09412) and CutMix do: Mixing makes one of package augment's.
// One that has a method Validate() error is asked before training.
type Mixer interface {
	// Mix changes normalised images [R, H, W, C], or features [R, D], in place and returns the second labels and the weights of the first, a
	// pair for each row. Rows are view-major as in loss.Input. It must depend on nothing but its arguments: batches are
	// made on several goroutines at once, and so are the views.
	Mix(images *tensor.Tensor, labels []int, views int, rng *rand.Rand) *loss.Mix
}
