package dataset

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Bad is an image that cannot be read.
type Bad struct {
	Index int   // in the set
	Label int   // its class
	Err   error // names the file
}

// Check reads every image once, with as many readers as the process may use CPUs, and returns all that cannot be read, in
// order. progress, if not nil, is called now and then, by one goroutine at a time, with how many are done. After ctx ends,
// the error is its cause.
func Check(ctx context.Context, d Dataset, progress func(done int)) ([]Bad, error) {
	var next, done atomic.Int64
	var mu sync.Mutex
	var bad []Bad
	var wg sync.WaitGroup
	read := d.Image
	if f, ok := d.(*Files); ok {
		read = func(i int, img *Image) error { return f.image(ctx, i, img) }
	}
	for range min(runtime.GOMAXPROCS(0), d.Len()) {
		wg.Go(func() {
			var img Image
			for ctx.Err() == nil {
				i := int(next.Add(1) - 1)
				if i >= d.Len() {
					return
				}
				err := read(i, &img)
				mu.Lock()
				if err != nil {
					bad = append(bad, Bad{i, d.Label(i), err})
				}
				if n := int(done.Add(1)); progress != nil && (n%64 == 0 || n == d.Len()) {
					progress(n)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	slices.SortFunc(bad, func(a, b Bad) int { return a.Index - b.Index })
	return bad, nil
}

// Without leaves the bad images out of d. It is an error if a class that had images has none afterwards.
func Without(d Dataset, bad []Bad) (Dataset, error) {
	if len(bad) == 0 {
		return d, nil
	}
	left := Counts(d)
	out := make(map[int]bool, len(bad))
	for _, b := range bad {
		if err := checkIndex(b.Index, d.Len()); err != nil {
			return nil, err
		}
		if out[b.Index] {
			continue
		}
		out[b.Index] = true
		label := d.Label(b.Index)
		if left[label]--; left[label] == 0 {
			return nil, fmt.Errorf("dataset: no image of class %q can be read; the last: %w", d.Classes()[label], b.Err)
		}
	}
	var indices []int
	for i := range d.Len() {
		if !out[i] {
			indices = append(indices, i)
		}
	}
	return Subset(d, indices)
}
