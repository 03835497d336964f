package augment

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/foreach"
)

// measured is how many images NormalizeOf looks at.
const measured = 1000

// NormalizeOf returns how the images of a training set are normalised: by what is usual for them, if the set knows it (see
// dataset.NormalizationOf), or else by the mean and the standard deviation of each channel over its images, or over 1,000
// of them from all over the set. They are rounded to four digits after the point, and deviations are at least 0.01: images
// may be of one color. It is an error if there are no images, if they differ in channels, or if one cannot be read.
//
// Features (dataset.Features) are normalised by the mean and the standard deviation of each of their values over the whole
// set, by a deviation of 1 where a value is the same in all samples.
func NormalizeOf(ctx context.Context, d dataset.Dataset) (Normalize, error) {
	if dataset.WidthOf(d) > 0 {
		return normalizeFeatures(ctx, d.(dataset.Features))
	}
	if mean, std := dataset.NormalizationOf(d); mean != nil {
		return Normalize{Mean: slices.Clone(mean), Std: slices.Clone(std)}, nil
	}
	n := min(d.Len(), measured)
	if n == 0 {
		return Normalize{}, fmt.Errorf("augment: no images to take a normalisation from")
	}
	all := make([]moments, n)
	at := func(k int) int { return k * d.Len() / n }
	if err := foreach.Index(ctx, n, func() func(int) error {
		var img dataset.Image
		return func(k int) error {
			if err := d.Image(at(k), &img); err != nil {
				return fmt.Errorf("augment: normalisation: image %d: %w", at(k), err)
			}
			all[k].measure(&img)
			return nil
		}
	}); err != nil {
		return Normalize{}, err
	}
	sum, squares, pixels := make([]uint64, len(all[0].sum)), make([]uint64, len(all[0].sum)), uint64(0)
	for k, m := range all {
		if len(m.sum) != len(sum) {
			return Normalize{}, fmt.Errorf("augment: normalisation: image %d has %d channels, image 0 has %d", at(k), len(m.sum), len(sum))
		}
		for c := range sum {
			sum[c] += m.sum[c]
			squares[c] += m.squares[c]
		}
		pixels += m.pixels
	}
	if pixels == 0 {
		return Normalize{}, fmt.Errorf("augment: normalisation: none of %d images has a pixel", n)
	}
	var out Normalize
	for c := range sum {
		mean := float64(sum[c]) / float64(pixels) / 255
		variance := float64(squares[c])/float64(pixels)/255/255 - mean*mean
		out.Mean = append(out.Mean, round4(mean))
		out.Std = append(out.Std, max(round4(math.Sqrt(max(variance, 0))), 0.01))
	}
	return out, nil
}

// moments are those of an image's bytes by channel: exact.
type moments struct {
	sum, squares []uint64
	pixels       uint64
}

func (m *moments) measure(img *dataset.Image) {
	m.sum, m.squares, m.pixels = make([]uint64, img.Channels), make([]uint64, img.Channels), uint64(img.Width*img.Height)
	for at, v := range img.Pix {
		c := at % img.Channels
		m.sum[c] += uint64(v)
		m.squares[c] += uint64(v) * uint64(v)
	}
}

func round4(x float64) float64 { return math.Round(1e4*x) / 1e4 }

func normalizeFeatures(ctx context.Context, d dataset.Features) (Normalize, error) {
	if d.Len() == 0 {
		return Normalize{}, fmt.Errorf("augment: no features to take a normalisation from")
	}
	x := make([]float32, d.Width())
	out := Normalize{Mean: make([]float64, len(x)), Std: make([]float64, len(x))}
	squares := out.Std // of the distances from the mean so far, by Welford
	for i := range d.Len() {
		if err := ctx.Err(); err != nil {
			return Normalize{}, context.Cause(ctx)
		}
		if err := d.Vector(i, x); err != nil {
			return Normalize{}, fmt.Errorf("augment: normalisation: sample %d: %w", i, err)
		}
		for c, v := range x {
			delta := float64(v) - out.Mean[c]
			out.Mean[c] += delta / float64(i+1)
			squares[c] += delta * (float64(v) - out.Mean[c])
		}
	}
	for c := range x {
		if out.Std[c] = math.Sqrt(squares[c] / float64(d.Len())); out.Std[c] <= 1e-6*math.Abs(out.Mean[c]) {
			out.Std[c] = 1 // there is no other difference than float32's rounding
		}
	}
	return out, nil
}
