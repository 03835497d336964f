// Package parallel runs loops on several cores.
//
// The number of goroutines follows GOMAXPROCS; which goroutine runs which index is not determined. A loop whose
// indices write disjoint memory therefore gives the same result whatever GOMAXPROCS is. Reductions keep that
// promise by writing one partial result for each of a fixed number of ranges (see Range) and adding these in order.
//
// Loops may be started by several goroutines at a time and from inside other loops. Each one starts its own
// goroutines, a few microseconds' work: the body should do more than that.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// For calls body(i) once for every i in [0, n), on up to GOMAXPROCS goroutines of which the caller is one, and
// returns when all calls are done. When a body panics, no further index is started, the other goroutines finish the
// index they are at, and the first panic's value is raised again in the caller.
func For(n int, body func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			body(i)
		}
		return
	}
	l := loop{n: int64(n), body: body}
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(l.work)
	}
	l.work()
	wg.Wait()
	if f := l.failure.Load(); f != nil {
		panic(f.value)
	}
}

// Range cuts [0, n) into ranges of size indices (the last may be shorter) and calls body(lo, hi) for each as For does.
// The ranges depend on n and size alone. Size must be positive.
func Range(n, size int, body func(lo, hi int)) {
	For((n+size-1)/size, func(i int) { body(i*size, min(n, (i+1)*size)) })
}

// loop is the state that the goroutines of one For share.
type loop struct {
	n       int64
	next    atomic.Int64
	body    func(i int)
	failure atomic.Pointer[failure]
}

type failure struct{ value any }

// work runs indices until none is left or a body has panicked.
func (l *loop) work() {
	defer func() {
		if v := recover(); v != nil {
			l.failure.CompareAndSwap(nil, &failure{v})
		}
	}()
	for l.failure.Load() == nil {
		i := l.next.Add(1) - 1
		if i >= l.n {
			return
		}
		l.body(int(i))
	}
}
