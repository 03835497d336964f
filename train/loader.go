package train

import (
	"context"
	"iter"
	"sync"

	"github.com/longtail-ml/longtail/tensor"
)

// lanes is how many batches are made at once, ahead of training. It is fixed: enough to hide a slow image, few enough to
// keep memory small.
const lanes = 2

// loader makes batches on goroutines of their own and uses their memory again.
type loader struct {
	mu   sync.Mutex
	free []*batch
}

func (l *loader) take(p *plan) *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free); n > 0 {
		b := l.free[n-1]
		l.free = l.free[:n-1]
		return b
	}
	return p.newBatch()
}

func (l *loader) give(b *batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, b)
}

// batches yields the batches from ≤ i < to of an epoch in order. A batch is valid until the next one is asked for. The
// goroutines have ended when the loop ends, however it ends.
func (l *loader) batches(ctx context.Context, p *plan, from, to int) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		var workers sync.WaitGroup
		defer workers.Wait()
		defer stop()
		ready := make([]chan *batch, lanes)
		for lane := range ready {
			ready[lane] = make(chan *batch, 1)
			workers.Go(func() {
				defer close(ready[lane])
				for i := from + lane; i < to; i += lanes {
					b := l.take(p)
					b.make(p, i)
					select {
					case ready[lane] <- b:
					case <-ctx.Done():
						return
					}
				}
			})
		}
		for i := from; i < to; i++ {
			b, ok := <-ready[(i-from)%lanes]
			if !ok || ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if b.panicked != nil {
				panic(b.panicked)
			}
			if !yield(b, b.err) {
				return
			}
			l.give(b)
		}
	}
}

// make fills b and keeps an error or a panic for the reader.
func (b *batch) make(p *plan, i int) {
	defer func() { b.panicked = recover() }()
	b.err = tensor.Try(func() error { return p.fill(b, i) })
}
