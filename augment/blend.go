package augment

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Batch is images of one shape, one after the other, each in HWC order.
type Batch struct {
	Values                          []float32 // of length Images·Height·Width·Channels
	Images, Height, Width, Channels int
}

// Blender blends the images of a batch with each other, in place: image i keeps a fraction weight of itself and takes
// the rest from what image partner[i] was before. The label of image i then has that weight, and the label of partner[i]
// has 1 − weight. A batch whose lengths do not fit is an error. Equal generators give equal results.
type Blender interface {
	Blend(b Batch, rng *rand.Rand) (partner []int, weight float64, err error)
}

// PairBlender is a Blender that also takes the others from another batch: image i of b is blended with image i of others,
// which stay as they are. Two batches of unlike shape are an error.
type PairBlender interface {
	Blender
	BlendWith(b, others Batch, rng *rand.Rand) (weight float64, err error)
}

// checkPair reports batches that do not have an image for each other.
func (b Batch) checkPair(others Batch) error {
	if err := b.check(); err != nil {
		return err
	}
	if err := others.check(); err != nil {
		return err
	}
	if b.Images != others.Images || b.Height != others.Height || b.Width != others.Width || b.Channels != others.Channels {
		return fmt.Errorf("augment: %d images of %d×%d×%d blended with %d of %d×%d×%d (height×width×channels): both batches must be alike",
			b.Images, b.Height, b.Width, b.Channels, others.Images, others.Height, others.Width, others.Channels)
	}
	return nil
}

func (b Batch) check() error {
	if min(b.Images, b.Height, b.Width, b.Channels) < 0 || len(b.Values) != b.Images*b.Height*b.Width*b.Channels {
		return fmt.Errorf("augment: a batch of %d values for %d images of %d×%d×%d (height×width×channels): the lengths must fit",
			len(b.Values), b.Images, b.Height, b.Width, b.Channels)
	}
	return nil
}

// image returns the values of image i.
func (b Batch) image(i int) []float32 {
	size := b.Height * b.Width * b.Channels
	return b.Values[i*size : (i+1)*size]
}

// share returns the fraction an image keeps, from Beta(alpha, alpha); 1 for an alpha of 0.
func share(alpha float64, rng *rand.Rand) float64 {
	if !(alpha > 0) {
		return 1
	}
	if v := (distuv.Beta{Alpha: alpha, Beta: alpha, Src: rng}).Rand(); v <= 1 {
		return v
	}
	return 1 // 0/0, which a tiny alpha can give
}

// each calls blend for every image and its partner's old values. It walks the permutation in cycles, so that one image's
// worth of memory is enough.
func (b Batch) each(partner []int, blend func(image, other []float32)) {
	first := make([]float32, b.Height*b.Width*b.Channels)
	done := make([]bool, len(partner))
	for start := range partner {
		if done[start] || partner[start] == start { // an image blended with itself stays
			continue
		}
		copy(first, b.image(start))
		i := start
		for ; partner[i] != start; i = partner[i] {
			done[i] = true
			blend(b.image(i), b.image(partner[i]))
		}
		done[i] = true
		blend(b.image(i), first)
	}
}

func checkAlpha(name string, alpha float64) error {
	if !(alpha >= 0 && alpha <= 1e6) {
		return fmt.Errorf("augment: %s.Alpha is %g: it must be at least 0 and at most 1e+06", name, alpha)
	}
	return nil
}
