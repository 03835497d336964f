// Package prefetch fills batches ahead of their use. Any number of goroutines share the work row by row: they fill one batch
// together, then the next.
//
// Invariants: batches come in order. Rows are given out in order, so that of several failures in a batch the one of the lowest
// row is reported, whatever the number of goroutines. All goroutines have ended when the loop ends, however it ends.
//
// Limits: at most InFlight batches exist. A row that is being filled is not interrupted.
package prefetch

import (
	"context"
	"iter"
	"runtime"
	"sync"

	"github.com/longtail-ml/longtail/internal/cause"
)

// InFlight is how many batches a Loader has memory for: the one in use, the next, and one to go on with while the last rows of
// the next are filled.
const InFlight = 3

// Source says what batches of type B hold. A W is what a goroutine keeps for itself from row to row, such as a decoded image.
// Fill and Finish are called by several goroutines at once, each with its own W.
type Source[B, W any] interface {
	New() B                          // the memory of a batch
	Worker() W                       // what one goroutine needs
	Rows(n int) int                  // in batch n, at least one
	Fill(w W, b B, n, row int) error // fills a row of batch n
	Finish(b B, n int) error         // called once, when all rows of batch n are there
}

// Loader keeps the memory of batches and goroutines from one loop to the next, whose sources must want the same of both. The
// zero value is ready. It is for one loop at a time.
type Loader[B, W any] struct {
	Workers int // goroutines; 0 means GOMAXPROCS

	batches []B
	workers []W
}

// Batches yields the batches from ≤ n < to of s in order. A batch is valid until the next one is asked for. An error of s, or
// that of ctx, is the last that is yielded. A panic in Fill or Finish is raised in the loop.
func (l *Loader[B, W]) Batches(ctx context.Context, s Source[B, W], from, to int) iter.Seq2[B, error] {
	return func(yield func(B, error) bool) {
		var none B
		ctx, stop := context.WithCancel(ctx)
		r := l.start(ctx, s, from, to)
		var working sync.WaitGroup
		defer working.Wait()
		defer stop()
		for _, w := range r.workers {
			working.Go(func() { r.work(w) })
		}
		for n := from; n < to; n++ {
			slot := r.slot(n)
			select {
			case <-slot.full:
			case <-ctx.Done():
			}
			if err := cause.Err(ctx); err != nil {
				yield(none, err)
				return
			}
			if f := slot.failure.Load(); f != nil {
				if f.panicked != nil {
					panic(f.panicked)
				}
				yield(none, f.err)
				return
			}
			if !yield(slot.batch, nil) {
				return
			}
			r.free <- struct{}{}
		}
	}
}

// start prepares a loop. Memory is asked for here, once.
func (l *Loader[B, W]) start(ctx context.Context, s Source[B, W], from, to int) *run[B, W] {
	batches, workers := min(InFlight, max(0, to-from)), l.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for len(l.batches) < batches {
		l.batches = append(l.batches, s.New())
	}
	for len(l.workers) < workers {
		l.workers = append(l.workers, s.Worker())
	}
	r := &run[B, W]{ctx: ctx, source: s, workers: l.workers[:workers], from: from, next: from, to: to, free: make(chan struct{}, InFlight)}
	for i := range batches {
		r.slots[i].batch, r.slots[i].full = l.batches[i], make(chan struct{}, 1)
		r.free <- struct{}{}
	}
	return r
}

// run is one loop.
type run[B, W any] struct {
	ctx      context.Context
	source   Source[B, W]
	workers  []W
	from, to int
	slots    [InFlight]slot[B]
	free     chan struct{} // holds one for each slot that can take a batch

	giving    sync.Mutex // held to give out a row, also while all slots are taken
	next      int        // the batch to begin
	row, rows int        // given out of the batch before it, and all
}

// slot is where batch n is, since at most InFlight follow each other.
func (r *run[B, W]) slot(n int) *slot[B] { return &r.slots[(n-r.from)%InFlight] }

// work fills rows until there are no more.
func (r *run[B, W]) work(w W) {
	filling := false
	defer func() {
		if filling { // runtime.Goexit: others may wait for the rows that are left
			r.work(w)
		}
	}()
	for {
		n, row, ok := r.give()
		if !ok {
			return
		}
		filling = true
		r.fill(w, n, row)
		filling = false
	}
}

// give gives out the next row, if need be of a new batch as soon as there is room for one. It is not ok when there are no more,
// or the loop has ended.
func (r *run[B, W]) give() (n, row int, ok bool) {
	r.giving.Lock()
	defer r.giving.Unlock()
	if r.row == r.rows {
		if r.next == r.to {
			return 0, 0, false
		}
		select {
		case <-r.free:
		case <-r.ctx.Done():
			return 0, 0, false
		}
		r.row, r.rows = 0, r.source.Rows(r.next)
		r.slot(r.next).left.Store(int64(r.rows))
		r.next++
	}
	r.row++
	return r.next - 1, r.row - 1, r.ctx.Err() == nil
}

// fill fills a row, unless one before it has failed, and finishes the batch with the last.
func (r *run[B, W]) fill(w W, n, row int) {
	s := r.slot(n)
	defer func() {
		if s.left.Add(-1) > 0 {
			return
		}
		defer func() { s.full <- struct{}{} }()
		if s.failure.Load() == nil {
			s.try(row, func() error { return r.source.Finish(s.batch, n) })
		}
	}()
	if f := s.failure.Load(); f == nil || row < f.row {
		s.try(row, func() error { return r.source.Fill(w, s.batch, n, row) })
	}
}
