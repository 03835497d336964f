// Package augment changes images at random, in place, before they become a batch.
//
// A [Transform] works on the bytes of one image and draws from the generator it is given. [Key] derives that generator
// from the place of the image in the training run (seed, stream, epoch, position, view), so the result depends neither
// on the number of workers nor on where a run was resumed. [Normalize] turns the bytes into float32 afterwards.
//
// Recipes of papers are made of them: [CIFAR], [CIFARStrong], [SimAugment]. The operations that [AutoAugment] and
// [RandAugment] choose from are functions of their own, such as [Equalize] and [Rotate], in the arithmetic of PIL.
// [Mixup] and [CutMix] blend the images of a batch. [FeatureDropout] and [FeatureNoise] make views of feature vectors.
//
// Invariants: a transform holds no state and may be used by many goroutines, each with its own image and generator; it
// draws the same random values whatever the pixels are; it allocates nothing once it has been used. Probabilities mean
// what they say, so a P of zero never acts.
//
// Photographs may have any size: [ResizedCrop] with Width and Height brings them to one at random, [CenterCrop] for evaluation.
//
// Limits: images are those of package dataset, uint8 in HWC order; only [ResizedCrop], [Resize] and [CenterCrop] change their
// shape.
package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// Transform changes an image in place. The number of random values it draws must not depend on the pixels.
type Transform interface {
	Apply(img *dataset.Image, rng *rand.Rand)
}

// Validator is a Transform that can tell whether its settings make sense. Apply does not check them.
type Validator interface {
	Validate() error
}

// Validate reports what is wrong with the settings of t, or with a nil t. A transform that is no Validator passes.
func Validate(t Transform) error {
	if t == nil {
		return fmt.Errorf("augment: nil transform: use Identity for none")
	}
	if v, ok := t.(Validator); ok {
		return v.Validate()
	}
	return nil
}

// Identity leaves images as they are.
type Identity struct{}

// Apply implements Transform.
func (Identity) Apply(*dataset.Image, *rand.Rand) {}

// Compose applies its transforms in order. An empty one leaves images as they are.
type Compose []Transform

// Apply implements Transform.
func (c Compose) Apply(img *dataset.Image, rng *rand.Rand) {
	for _, t := range c {
		t.Apply(img, rng)
	}
}

// Validate implements Validator: all parts must be valid, and the error names the one that is not.
func (c Compose) Validate() error {
	for i, t := range c {
		if err := Validate(t); err != nil {
			return fmt.Errorf("augment: transform %d of a Compose of %d: %w", i, len(c), err)
		}
	}
	return nil
}

func checkProbability(name string, p float64) error {
	if !(p >= 0 && p <= 1) {
		return fmt.Errorf("augment: %s.P is %g: a probability must be at least 0 and at most 1", name, p)
	}
	return nil
}
