package dataset

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/longtail-ml/longtail/internal/cause"
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
	l := &loader{set: d, shape: first.Shape()}
	l.pix = make([]uint8, n*len(first.Pix))
	copy(l.pix, first.Pix)
	l.next.Store(1)
	l.stop = n

	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() { l.work(ctx) })
	}
	wg.Wait()
	if l.panicked != nil {
		panic(l.panicked)
	}
	if l.err != nil {
		return nil, l.err
	}
	if err := cause.Err(ctx); err != nil {
		return nil, err
	}
	m, err := FromPixels(first.Shape(), d.Classes(), l.pix, Labels(d))
	if err == nil {
		m.fit, m.indices = FitOf(d), chosenFrom(d)
		m.mean, m.std = NormalizationOf(d)
	}
	return m, err
}

// loader hands out indices in ascending order, so whatever lies under a failed index has been started and will finish:
// the lowest failure is found whichever reader meets one first.
type loader struct {
	set   Dataset
	shape Shape
	pix   []uint8
	next  atomic.Int64

	mu   sync.Mutex
	stop int // no index from here on is read
	err  error

	panicked any // of the set's Image, raised again where the caller can recover it
}

func (l *loader) work(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			l.mu.Lock()
			l.stop, l.panicked = 0, p
			l.mu.Unlock()
		}
	}()
	var img Image
	for ctx.Err() == nil {
		i := int(l.next.Add(1) - 1)
		l.mu.Lock()
		done := i >= l.stop
		l.mu.Unlock()
		if done {
			return
		}
		if err := l.read(i, &img); err != nil {
			l.mu.Lock()
			if i < l.stop {
				l.stop, l.err = i, err
			}
			l.mu.Unlock()
			return
		}
	}
}

func (l *loader) read(i int, img *Image) error {
	if err := l.set.Image(i, img); err != nil {
		return fmt.Errorf("dataset: loading image %d: %w", i, err)
	}
	if img.Shape() != l.shape {
		return fmt.Errorf("dataset: loading image %d: it is %s and image 0 is %s: all must have one shape to be kept in "+
			"memory", i, img.Shape(), l.shape)
	}
	copy(l.pix[i*len(img.Pix):], img.Pix)
	return nil
}
