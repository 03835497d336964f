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
	box := c.box(b, acts, side, rng)
	if box == (rectangle{}) {
		return partner, 1, nil
	}
	b.each(partner, func(image, other []float32) { box.copy(b, image, other) })
	return partner, box.outside(b), nil
}

// BlendWith implements PairBlender: boxes of the others' images are put into those of b.
func (c CutMix) BlendWith(b, others Batch, rng *rand.Rand) (weight float64, err error) {
	if err := b.checkPair(others); err != nil {
		return 0, err
	}
	acts := rng.Float64() < c.P
	side := math.Sqrt(1 - share(c.Alpha, rng))
	box := c.box(b, acts, side, rng)
	if box == (rectangle{}) {
		return 1, nil
	}
	for i := range b.Images {
		box.copy(b, b.image(i), others.image(i))
	}
	return box.outside(b), nil
}

// box draws a rectangle that takes a fraction side of height and width; the zero one is none.
func (c CutMix) box(b Batch, acts bool, side float64, rng *rand.Rand) (r rectangle) {
	if !acts || b.Width == 0 || b.Height == 0 {
		return r
	}
	r.left, r.right = span(b.Width, side, rng)
	r.top, r.bottom = span(b.Height, side, rng)
	return r
}

// rectangle is a part of an image.
type rectangle struct{ left, right, top, bottom int }

// copy puts the part of other into image.
func (r rectangle) copy(b Batch, image, other []float32) {
	for y := r.top; y < r.bottom; y++ {
		from, to := (y*b.Width+r.left)*b.Channels, (y*b.Width+r.right)*b.Channels
		copy(image[from:to], other[from:to])
	}
}

// outside is the fraction of pixels that are not in the rectangle.
func (r rectangle) outside(b Batch) float64 {
	return 1 - float64((r.right-r.left)*(r.bottom-r.top))/float64(b.Width*b.Height)
}

// span returns where a box that takes a fraction of n places begins and ends.
func span(n int, fraction float64, rng *rand.Rand) (from, to int) {
	half, middle := int(float64(n)*fraction)/2, rng.IntN(n)
	return max(middle-half, 0), min(middle+half, n)
}
