package augment

import (
	"math"
	"math/rand/v2"
)

// CutMix puts a box of the image of a random permutation into each image of a batch, with probability P (arXiv
// 1905.04899). The box, the same for the whole batch, covers 1 − λ of the image, λ from Beta(Alpha, Alpha), is of the
// image's proportions and has its middle at any pixel; what lies outside is cut off. The weight is the fraction of pixels
// an image keeps. The zero value leaves batches as they are.
type CutMix struct {
	Alpha float64 // at least 0; 1 is usual
	P     float64 // from 0 to 1; 0.5 is usual on CIFAR, 1 on ImageNet
}

// Validate reports an Alpha that is negative or not finite, and a P that is no probability.
func (c CutMix) Validate() error {
	if err := checkAlpha("CutMix", c.Alpha); err != nil {
		return err
	}
	return checkProbability("CutMix", c.P)
}

// Blend implements Blender.
func (c CutMix) Blend(b Batch, rng *rand.Rand) (partner []int, weight float64, err error) {
	if err := b.check(); err != nil {
		return nil, 0, err
	}
	acts := rng.Float64() < c.P
	side := math.Sqrt(1 - share(c.Alpha, rng))
	partner = rng.Perm(b.Images)
	if !acts || b.Width == 0 || b.Height == 0 {
		return partner, 1, nil
	}
	left, right := span(b.Width, side, rng)
	top, bottom := span(b.Height, side, rng)
	b.each(partner, func(image, other []float32) {
		for y := top; y < bottom; y++ {
			from, to := (y*b.Width+left)*b.Channels, (y*b.Width+right)*b.Channels
			copy(image[from:to], other[from:to])
		}
	})
	return partner, 1 - float64((right-left)*(bottom-top))/float64(b.Width*b.Height), nil
}

// span returns where a box that takes a fraction of n places begins and ends.
func span(n int, fraction float64, rng *rand.Rand) (from, to int) {
	half, middle := int(float64(n)*fraction)/2, rng.IntN(n)
	return max(middle-half, 0), min(middle+half, n)
}
