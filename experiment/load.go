package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
)

// maxLoaded is how many bytes of images Load keeps in memory.
const maxLoaded int64 = 2 << 30

// Load reads the images into memory, if they take no more than Keep.Memory. Else they are decoded anew whenever they are needed,
// ahead of it; with Keep.File, those that memory has no room for are kept in a temporary file once they were. What it decided is
// the last sentence of Derived.
func (d *Data) Load(ctx context.Context) error {
	if d.width() > 0 { // features are in memory
		return nil
	}
	all := []*dataset.Dataset{&d.Train}
	for _, set := range []*dataset.Dataset{&d.Held, &d.Test} {
		if *set != nil {
			all = append(all, set)
		}
	}
	images := 0
	for _, set := range all {
		images += (*set).Len()
	}
	limit := cmp.Or(d.Keep.Memory, maxLoaded)
	need := 3 * d.pixels * float64(images)
	fits, file := need <= float64(limit), d.Keep.File > 0
	switch {
	case fits:
		d.say("images in memory: decoded they take %s", size(need))
	case file:
		d.say("images kept as they are decoded, up to %s in memory and %s in a file: together they take about %s", size(float64(limit)), size(float64(d.Keep.File)), size(need))
	default:
		d.say("images decoded anew in each epoch: together they take about %s, more than the %s for them in memory", size(need), size(float64(limit)))
		return nil
	}
	for _, set := range all {
		if err := d.load(ctx, set, float64((*set).Len())/float64(images), fits); err != nil {
			return err
		}
	}
	return nil
}

// load puts a set into memory, or a cache with a share of the room before it.
func (d *Data) load(ctx context.Context, set *dataset.Dataset, share float64, fits bool) error {
	if fits && d.Settings.Crop != "resized" {
		loaded, err := dataset.Load(ctx, *set)
		if err != nil {
			return err
		}
		*set = loaded
		return nil
	}
	part := func(bytes int64) int64 { return int64(share * float64(bytes)) }
	cache, err := dataset.NewCache(*set, dataset.CacheSettings{Memory: part(cmp.Or(d.Keep.Memory, maxLoaded)), File: part(d.Keep.File), Dir: d.Keep.Dir})
	if err != nil {
		return err
	}
	if fits {
		bad, err := dataset.Check(ctx, cache, nil)
		if err != nil {
			return err
		}
		if len(bad) > 0 {
			return bad[0].Err
		}
	}
	*set, d.caches = cache, append(d.caches, cache)
	return nil
}

// Close gives back the file that Load may keep images in. The sets are not to be used afterwards. It does nothing to nil.
func (d *Data) Close() error {
	if d == nil {
		return nil
	}
	var all []error
	for _, c := range d.caches {
		all = append(all, c.Close())
	}
	return errors.Join(all...)
}

func (d *Data) say(format string, args ...any) {
	d.Derived = append(d.Derived, fmt.Sprintf(format, args...))
}

// size is bytes in words.
func size(bytes float64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.1f MiB", bytes/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", bytes/(1<<30))
}
