package dataset

import (
	"context"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/internal/foreach"
)

// Load reads a whole set into memory, with as many readers as the process may use CPUs. All images must have one shape
// and there must be at least one. Where several fail, the error is that of the lowest index, and wraps it; after ctx is
// cancelled it is ctx's error.
func Load(ctx context.Context, d Dataset) (*Memory, error) {
	n := d.Len()
	if n == 0 {
		return nil, fmt.Errorf("dataset: nothing to load: the set has no image")
	}
	var first Image
	if err := d.Image(0, &first); err != nil {
		return nil, fmt.Errorf("dataset: loading image 0: %w", err)
	}
	shape := first.Shape()
	pix := make([]uint8, n*len(first.Pix))
	source, sources := sourceOf(d), make([]Source, n)
	if err := foreach.Index(ctx, n, func() func(int) error {
		var img Image
		return func(i int) (err error) {
			if err = d.Image(i, &img); err == nil && source != nil {
				sources[i], err = source(i)
			}
			if err != nil {
				return fmt.Errorf("dataset: loading image %d: %w", i, err)
			}
			if img.Shape() != shape {
				return fmt.Errorf("dataset: loading image %d: it is %s and image 0 is %s: all must have one shape to be kept in "+
					"memory; NewCache keeps images of any", i, img.Shape(), shape)
			}
			copy(pix[i*len(img.Pix):], img.Pix)
			return nil
		}
	}); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(sources, Source.known) {
		sources = nil
	}
	m, err := FromPixels(shape, d.Classes(), pix, Labels(d))
	if err == nil {
		m.fit, m.indices, m.sources = FitOf(d), chosenFrom(d), sources
		m.mean, m.std = NormalizationOf(d)
	}
	return m, err
}
