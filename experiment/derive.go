package experiment

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

// looked is how many images, from all over a set, something is derived from.
const looked = 256

// some returns up to looked indices of a set of n images, evenly spaced.
func some(n int) (all []int) {
	for i := range min(n, looked) {
		all = append(all, i*n/min(n, looked))
	}
	return all
}

// deriveSize takes the size of the network's images from those in the folder, unless it was given, and how many pixels they have.
func (f *origin) deriveSize(images dataset.Dataset) {
	var sides []int
	for _, i := range some(images.Len()) {
		if width, height, err := sizeOf(images, i); err == nil { // another is found when it is read
			sides = append(sides, min(width, height))
			f.pixels += float64(width) * float64(height)
		}
	}
	f.pixels /= max(1, float64(len(sides)))
	if f.size != 0 {
		return
	}
	if sides == nil {
		sides = []int{32}
	}
	slices.Sort(sides)
	median := sides[len(sides)/2]
	f.size = min(max(median/8*8, 8), f.largest)
	f.derived = append(f.derived, fmt.Sprintf("size %d: the shorter side of the images is %d pixels in the median", f.size, median))
}

// deriveNormalize takes means and deviations from the training images, or those that the weights of Init are used to.
func (f *origin) deriveNormalize(ctx context.Context, s Settings) error {
	if s.Init != "" {
		n, why, err := s.initNormalize()
		f.normalize, f.derived = n, append(f.derived, why)
		return err
	}
	n, err := augment.NormalizeOf(ctx, f.train)
	if err != nil {
		return err
	}
	f.normalize = n
	if mean, _ := dataset.NormalizationOf(f.train); mean != nil {
		return nil
	}
	f.derived = append(f.derived, fmt.Sprintf("pixels normalized by mean %v and deviation %v of the training images", n.Mean, n.Std))
	return nil
}

func round(x float64) float64 { return math.Round(1e4*x) / 1e4 }

// setCrop fills in how images come to their size.
func (s *Settings) setCrop(from origin, d *Data) error {
	d.pixels = float64(s.Size) * float64(s.Size)
	if from.crop != "resized" {
		if s.Shorter != 0 {
			return fmt.Errorf("shorter has a meaning with crop resized only")
		}
		s.Crop = "" // as in settings of before
		return nil
	}
	d.pixels = from.pixels
	s.Crop, s.Shorter = "resized", cmp.Or(s.Shorter, (s.Size*8+6)/7)
	if s.Shorter < s.Size {
		return fmt.Errorf("shorter is %d: it must be at least the size, %d", s.Shorter, s.Size)
	}
	return nil
}

// withProfile derives the profile, unless it was given.
func (s Settings) withProfile(f origin, d *Data) Settings {
	counts := dataset.Counts(f.train)
	most, least := slices.Max(counts), slices.Min(counts)
	if s.Profile == "" {
		s.Profile = "exp"
		if (f.files || most != least) && s.Imbalance == 0 {
			s.Profile = "natural"
			text := fmt.Sprintf("profile natural: the classes have %d to %d images", least, most)
			if most == least {
				text = fmt.Sprintf("profile natural: all classes have %d images; an imbalance cuts a long tail", most)
			}
			d.Derived = append(d.Derived, text)
		}
	}
	if s.Profile != "natural" && s.Imbalance == 0 {
		s.Imbalance = 100
	}
	return s
}

// withBatch derives batch and learning rate, unless they were given.
func (s Settings) withBatch(d *Data) Settings {
	if s.Recipe == "paper" {
		return s
	}
	if s.Batch == 0 {
		s.Batch = min(max(d.Train.Len()/10/12*12, 12), 384)
		d.Derived = append(d.Derived, fmt.Sprintf("batch %d for %d training images", s.Batch, d.Train.Len()))
	}
	if s.LR == 0 {
		step := s.Batch * max(s.Accumulate, 1)
		s.LR = round(0.5 * float64(step) / 384)
		d.Derived = append(d.Derived, fmt.Sprintf("learning rate %v for %d samples a step", s.LR, step))
	}
	return s
}
