package report

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/longtail-ml/longtail/dataset"
	"golang.org/x/sync/errgroup"
)

// Duplicate is a test image of the same pixels as a training image, or as a test image of another class.
type Duplicate struct {
	Image, Label   int // of the test set
	Other          int // of the training set, or the test set
	OtherLabel     int
	Trained        bool    // the other is a training image
	Picture, Again Picture // the first of many have them
}

// mostHashed is how many images are compared: beyond it reading them again takes longer than a page is worth.
const mostHashed = 30000

// duplicates looks for them.
func (l *look) duplicates(ctx context.Context, t *Test) error {
	if dataset.WidthOf(l.sets.Test) > 0 {
		return nil
	}
	n := l.sets.Test.Len()
	if l.sets.Train != nil {
		n += l.sets.Train.Len()
	}
	if n > mostHashed {
		l.notes = append(l.notes, fmt.Sprintf("Duplicates were not looked for among %s images; longtail data does it.", count(n)))
		return nil
	}
	first := map[[sha256.Size]byte]int{}
	if l.sets.Train != nil {
		sums, err := hashes(ctx, l.sets.Train)
		if err != nil {
			return l.noPicture(ctx, err)
		}
		for i, s := range sums {
			if _, ok := first[s]; !ok {
				first[s] = i
			}
		}
	}
	sums, err := hashes(ctx, l.sets.Test)
	if err != nil {
		return l.noPicture(ctx, err)
	}
	t.Hashed = true
	tested := map[[sha256.Size]byte]int{}
	for i, s := range sums {
		d := Duplicate{Image: i, Label: l.labels[i]}
		if at, ok := first[s]; ok {
			d.Other, d.Trained, d.OtherLabel = at, true, l.sets.Train.Label(at)
			t.Duplicates = append(t.Duplicates, d)
		} else if at, ok := tested[s]; ok && l.labels[at] != d.Label {
			d.Other, d.OtherLabel = at, l.labels[at]
			t.Duplicates = append(t.Duplicates, d)
		} else if !ok {
			tested[s] = i
		}
	}
	for k := range t.Duplicates[:min(len(t.Duplicates), cmp.Or(l.settings.Pictures, 24))] {
		d, other := &t.Duplicates[k], l.sets.Test
		if d.Trained {
			other = l.sets.Train
		}
		var err error
		if d.Picture, err = picture(l.sets.Test, d.Image); err == nil {
			d.Again, err = picture(other, d.Other)
		}
		if err != nil {
			return l.noPicture(ctx, err)
		}
	}
	return nil
}

// hashes are checksums of shape and pixels of all images.
func hashes(ctx context.Context, d dataset.Dataset) ([][sha256.Size]byte, error) {
	sums := make([][sha256.Size]byte, d.Len())
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			var m dataset.Image
			for {
				i := int(next.Add(1)) - 1
				if i >= len(sums) || ctx.Err() != nil {
					return ctx.Err()
				}
				if err := d.Image(i, &m); err != nil {
					return err
				}
				h := sha256.New()
				fmt.Fprint(h, m.Shape())
				h.Write(m.Pix)
				h.Sum(sums[i][:0])
			}
		})
	}
	return sums, g.Wait()
}
