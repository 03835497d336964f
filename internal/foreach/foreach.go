// Package foreach does something for every index, on several goroutines.
package foreach

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/longtail-ml/longtail/internal/cause"
)

// Index calls functions that worker makes, one for each goroutine, for all of 0 to n−1, with as many goroutines as the process
// may use CPUs. It returns the error of the lowest index, and after ctx ends, its error. A panic is raised again where the
// caller can recover it.
func Index(ctx context.Context, n int, worker func() func(i int) error) error {
	var next atomic.Int64
	var stop atomic.Int64
	stop.Store(int64(n))
	var mu sync.Mutex
	var first error
	var panicked any
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					mu.Lock()
					panicked = p
					mu.Unlock()
					stop.Store(0)
				}
			}()
			do := worker()
			for ctx.Err() == nil {
				i := next.Add(1) - 1
				if i >= stop.Load() { // indices are handed out in order: the lowest that fails has been begun
					return
				}
				if err := do(int(i)); err != nil {
					mu.Lock()
					if i < stop.Load() {
						first = err
						stop.Store(i)
					}
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	if panicked != nil {
		panic(panicked)
	}
	if first != nil {
		return first
	}
	return cause.Err(ctx)
}
