package augment

import "math/rand/v2"

// Mixup blends each image of a batch with that of a random permutation: λ·x_i + (1−λ)·x_j, with one λ from Beta(Alpha,
// Alpha) for the whole batch (arXiv 1710.09412). The zero value leaves batches as they are.
type Mixup struct {
	Alpha float64 // at least 0; 1 is usual on CIFAR, 0.2 on ImageNet
}

// Validate reports an Alpha that is negative or not finite.
func (m Mixup) Validate() error { return checkAlpha("Mixup", m.Alpha) }

// Blend implements Blender.
func (m Mixup) Blend(b Batch, rng *rand.Rand) (partner []int, weight float64, err error) {
	if err := b.check(); err != nil {
		return nil, 0, err
	}
	weight = share(m.Alpha, rng)
	partner = rng.Perm(b.Images)
	if weight == 1 {
		return partner, 1, nil
	}
	b.each(partner, func(image, other []float32) { mix(image, other, weight) })
	return partner, weight, nil
}

// BlendWith implements PairBlender.
func (m Mixup) BlendWith(b, others Batch, rng *rand.Rand) (weight float64, err error) {
	if err := b.checkPair(others); err != nil {
		return 0, err
	}
	if weight = share(m.Alpha, rng); weight == 1 {
		return 1, nil
	}
	for i := range b.Images {
		mix(b.image(i), others.image(i), weight)
	}
	return weight, nil
}

// mix makes image a fraction weight of itself and the rest of other.
func mix(image, other []float32, weight float64) {
	keep, take := float32(weight), float32(1-weight)
	for i, v := range other {
		image[i] = float32(keep*image[i]) + float32(take*v)
	}
}
