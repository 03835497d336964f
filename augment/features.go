package augment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// FeatureTransform is a Transform of feature vectors too (dataset.Features). Identity and a Compose of such are.
type FeatureTransform interface {
	Transform
	// ApplyFeatures changes a vector in place, after normalisation. The number of random values it draws must not depend on
	// the vector's values.
	ApplyFeatures(x []float32, rng *rand.Rand)
}

// FeatureNoise adds Gaussian noise to each value of a feature vector. The zero value leaves vectors as they are, and so it
// does images.
type FeatureNoise struct {
	Std float64 // of the noise; NormalizeOf makes the features' own 1
}

// FeatureDropout puts 0 for each value of a feature vector with probability P, and multiplies the others by 1/(1−P): the
// views of SimCSE (arXiv 2104.08821), at a network's input. The zero value leaves vectors as they are, and so it does images.
type FeatureDropout struct {
	P float64 // at least 0 and below 1; 0.1 is SimCSE's
}

// FeatureFunc is a transform of feature vectors of your own. It leaves images as they are.
type FeatureFunc func(x []float32, rng *rand.Rand)

// FeatureViews are views for contrastive losses on features: FeatureDropout by 0.1, as in SimCSE (arXiv 2104.08821).
func FeatureViews() FeatureTransform { return FeatureDropout{P: 0.1} }

// CheckView says why a view is not for features, or why it is for features alone and the data are images.
func CheckView(t Transform, features bool) error {
	if c, ok := t.(Compose); ok {
		for _, part := range c {
			if err := CheckView(part, features); err != nil {
				return err
			}
		}
		return nil
	}
	_, fits := t.(FeatureTransform)
	switch t.(type) {
	case FeatureNoise, FeatureDropout, FeatureFunc:
		if !features {
			return fmt.Errorf("augment: %T changes feature vectors, and the data are images", t)
		}
	}
	if features && !fits {
		return fmt.Errorf("augment: %T changes images, and the data are feature vectors: use FeatureDropout, FeatureNoise or no views; "+
			"hybrid.Streams.OnFeatures puts them in place", t)
	}
	return nil
}

// ApplyFeatures implements FeatureTransform.
func (Identity) ApplyFeatures([]float32, *rand.Rand) {}

// ApplyFeatures implements FeatureTransform, if all of c do.
func (c Compose) ApplyFeatures(x []float32, rng *rand.Rand) {
	for _, t := range c {
		t.(FeatureTransform).ApplyFeatures(x, rng)
	}
}

// Validate implements Validator.
func (n FeatureNoise) Validate() error {
	if !(n.Std >= 0) || math.IsInf(n.Std, 1) {
		return fmt.Errorf("augment: FeatureNoise.Std is %g: it must be at least 0 and finite", n.Std)
	}
	return nil
}

// ApplyFeatures implements FeatureTransform.
func (n FeatureNoise) ApplyFeatures(x []float32, rng *rand.Rand) {
	for i := range x {
		x[i] += float32(n.Std * rng.NormFloat64())
	}
}

// Apply implements Transform.
func (FeatureNoise) Apply(*dataset.Image, *rand.Rand) {}

// Validate implements Validator.
func (d FeatureDropout) Validate() error {
	if !(d.P >= 0 && d.P < 1) {
		return fmt.Errorf("augment: FeatureDropout.P is %g: it must be at least 0 and below 1", d.P)
	}
	return nil
}

// ApplyFeatures implements FeatureTransform.
func (d FeatureDropout) ApplyFeatures(x []float32, rng *rand.Rand) {
	kept := float32(1 / (1 - d.P))
	for i := range x {
		if rng.Float64() < d.P {
			x[i] = 0
		} else {
			x[i] *= kept
		}
	}
}

// Apply implements Transform.
func (FeatureDropout) Apply(*dataset.Image, *rand.Rand) {}

// ApplyFeatures calls f.
func (f FeatureFunc) ApplyFeatures(x []float32, rng *rand.Rand) { f(x, rng) }

// Apply implements Transform.
func (FeatureFunc) Apply(*dataset.Image, *rand.Rand) {}
