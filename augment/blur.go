package augment

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// GaussianBlur blurs with probability P by a Gaussian of standard deviation uniform in [MinSigma, MaxSigma] pixels (arXiv
// 2002.05709). The Gaussian ends after four standard deviations; beyond its edge the image goes on mirrored. The zero
// value never acts.
type GaussianBlur struct {
	P        float64 // from 0 to 1; 0.5 is usual
	MinSigma float64 // 0 means 0.1
	MaxSigma float64 // at most 100; 0 means 2
}

// Validate implements Validator.
func (g GaussianBlur) Validate() error {
	if low, high := g.sigmas(); !(low > 0 && low <= high && high <= 100) {
		return fmt.Errorf("augment: GaussianBlur from MinSigma %g to MaxSigma %g: they must be above 0, at most 100 and in order",
			low, high)
	}
	return checkProbability("GaussianBlur", g.P)
}

func (g GaussianBlur) sigmas() (low, high float64) {
	return cmp.Or(g.MinSigma, 0.1), cmp.Or(g.MaxSigma, 2)
}

// Apply implements Transform.
func (g GaussianBlur) Apply(img *dataset.Image, rng *rand.Rand) {
	acts, at := rng.Float64() < g.P, rng.Float64()
	if low, high := g.sigmas(); acts && len(img.Pix) > 0 {
		blur(img, low+(high-low)*at)
	}
}

// blur convolves rows, then columns.
func blur(img *dataset.Image, sigma float64) {
	s := borrow()
	defer s.release()
	radius, n, ch, stride := int(math.Ceil(4*sigma)), len(img.Pix), img.Channels, img.Width*img.Channels
	edge := radius * ch
	s.floats = sized(s.floats, n+stride+2*edge+2*radius+1)
	rows, line, kernel := s.floats[:n], s.floats[n:n+stride+2*edge], s.floats[n+stride+2*edge:]
	gaussian(kernel, sigma)
	clear(rows)
	for y := range img.Height {
		for x := -radius; x < img.Width+radius; x++ {
			from := img.Row(y)[mirrored(x, img.Width)*ch:]
			for c := range ch {
				line[(x+radius)*ch+c] = float32(from[c])
			}
		}
		for k, w := range kernel {
			accumulate(rows[y*stride:(y+1)*stride], line[k*ch:], w)
		}
	}
	sum := line[:stride]
	for y := range img.Height {
		clear(sum)
		for k, w := range kernel {
			accumulate(sum, rows[mirrored(y+k-radius, img.Height)*stride:], w)
		}
		for i, v := range sum {
			img.Pix[y*stride+i] = uint8(min(v+0.5, 255))
		}
	}
}

// accumulate adds w·src to dst, which may be shorter.
func accumulate(dst, src []float32, w float32) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] += float32(w * src[i])
	}
}

// gaussian fills the kernel with the densities of whole distances from its middle, scaled to a sum of 1.
func gaussian(kernel []float32, sigma float64) {
	density := func(k int) float64 {
		d := float64(k-len(kernel)/2) / sigma
		return math.Exp(-d * d / 2)
	}
	total := 0.0
	for k := range kernel {
		total += density(k)
	}
	for k := range kernel {
		kernel[k] = float32(density(k) / total)
	}
}

// mirrored brings a place outside [0, n) back inside by reflection at the first and the last place.
func mirrored(i, n int) int {
	if n == 1 {
		return 0
	}
	for i < 0 || i >= n {
		if i < 0 {
			i = -i
		} else {
			i = 2*(n-1) - i
		}
	}
	return i
}
