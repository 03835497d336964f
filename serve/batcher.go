package serve

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/longtail-ml/longtail/tensor"
)

var errFull = errors.New("the queue is full")

// batcher computes what many requests ask for together. Its queue is bounded.
type batcher[R any] struct {
	compute func(...*tensor.Tensor) ([]R, error)
	most    int           // in a batch
	wait    time.Duration // for others that are coming
	seen    func(images int, took time.Duration)

	coming atomic.Int64 // that are being decoded
	queued atomic.Int64 // places taken
	queue  chan job[R]
	done   chan struct{}
}

// job is a picture of a request.
type job[R any] struct {
	*request[R]
	at int // which of the request's
}

// request is what its pictures share. Whoever finishes the last of them closes done.
type request[R any] struct {
	ctx     context.Context
	from    time.Time
	x       []*tensor.Tensor
	results []R
	errs    []error
	left    atomic.Int64
	done    chan struct{}
}

func (j job[R]) finish(r R, err error) {
	j.results[j.at], j.errs[j.at] = r, err
	if j.left.Add(-1) == 0 {
		close(j.done)
	}
}

// start begins to compute. seen is told of each batch.
func start[R any](s Settings, compute func(...*tensor.Tensor) ([]R, error), seen func(images int, took time.Duration)) *batcher[R] {
	b := &batcher[R]{compute: compute, most: s.Batch, wait: max(0, s.Wait), seen: seen, queue: make(chan job[R], s.Queue), done: make(chan struct{})}
	go b.run()
	return b
}

// stop ends b when all that is queued is computed. No one may call do from then on.
func (b *batcher[R]) stop() {
	close(b.queue)
	<-b.done
}

// expect tells b that a picture is on its way, until the function that it returns is called.
func (b *batcher[R]) expect() func() {
	b.coming.Add(1)
	return func() { b.coming.Add(-1) }
}

// reserve takes places in the queue for n pictures, or is errFull.
func (b *batcher[R]) reserve(n int) error {
	if b.queued.Add(int64(n)) > int64(cap(b.queue)) {
		b.release(n)
		return errFull
	}
	return nil
}

// release gives back places that do has not used.
func (b *batcher[R]) release(n int) { b.queued.Add(-int64(n)) }

// do returns the results for pictures that have their places, in order. It is the cause of ctx if that ends before.
func (b *batcher[R]) do(ctx context.Context, x ...*tensor.Tensor) ([]R, error) {
	if len(x) == 0 {
		return nil, nil
	}
	r := &request[R]{ctx: ctx, from: time.Now(), x: x, results: make([]R, len(x)), errs: make([]error, len(x)), done: make(chan struct{})}
	r.left.Store(int64(len(x)))
	for i := range x {
		b.queue <- job[R]{r, i}
	}
	select {
	case <-r.done:
		return r.results, errors.Join(r.errs...)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (b *batcher[R]) run() {
	defer close(b.done)
	for first := range b.queue {
		if batch := b.gather(first); len(batch) > 0 {
			from := time.Now()
			b.answer(batch)
			b.seen(len(batch), time.Since(from))
		}
	}
}

// gather returns first and what else is queued, and waits for more only while some is coming. Pictures whose requests have ended are
// left out.
func (b *batcher[R]) gather(first job[R]) (batch []job[R]) {
	take := func(j job[R]) {
		b.queued.Add(-1)
		if j.ctx.Err() == nil {
			batch = append(batch, j)
		} else {
			var none R
			j.finish(none, context.Cause(j.ctx))
		}
	}
	take(first)
	var late <-chan time.Time
	for len(batch) < b.most {
		select {
		case j, open := <-b.queue:
			if !open {
				return batch
			}
			take(j)
			continue
		default:
		}
		left := b.wait - time.Since(first.from)
		if b.coming.Load() == 0 || left <= 0 {
			return batch
		}
		if late == nil {
			late = time.After(left)
		}
		select {
		case j, open := <-b.queue:
			if !open {
				return batch
			}
			take(j)
		case <-late:
			return batch
		}
	}
	return batch
}

// answer computes a batch. If that fails, each picture is computed by itself, so that none suffers for another.
func (b *batcher[R]) answer(batch []job[R]) {
	x := make([]*tensor.Tensor, len(batch))
	for i, j := range batch {
		x[i] = j.x[j.at]
	}
	results, err := b.try(x)
	if err != nil && len(batch) > 1 {
		for i := range batch {
			b.answer(batch[i : i+1])
		}
		return
	}
	for i, j := range batch {
		if err != nil {
			var none R
			j.finish(none, err)
			continue
		}
		j.finish(results[i], nil)
	}
}

// try turns a panic into an error: one picture must not end a server.
func (b *batcher[R]) try(x []*tensor.Tensor) (results []R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("serve: computing %d pictures: panic: %v\n%s", len(x), p, debug.Stack())
		}
	}()
	results, err = b.compute(x...)
	if err == nil && len(results) != len(x) {
		err = fmt.Errorf("serve: %d results for %d pictures", len(results), len(x))
	}
	return results, err
}
