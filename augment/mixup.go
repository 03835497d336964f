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
	keep, take := float32(weight), float32(1-weight)
	b.each(partner, func(image, other []float32) {
		for i, v := range other {
			image[i] = float32(keep*image[i]) + float32(take*v)
		}
	})
	return partner, weight, nil
}
