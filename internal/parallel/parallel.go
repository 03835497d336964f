// Package parallel runs loops on several cores.
//
// The number of goroutines follows GOMAXPROCS; which goroutine runs which index is not determined. A loop whose
// indices write disjoint memory therefore gives the same result whatever GOMAXPROCS is. Reductions keep that
// promise by writing one partial result for each of a fixed number of ranges (see Range) and adding these in order.
//
// Loops may be started by several goroutines at a time and from inside other loops. A loop is helped by goroutines that have just
// finished with another one, and starts those that it lacks, a few microseconds' work: the body should do more than that. It gets no more of them than there are processors
// without work, so that a loop inside of others may run on its caller alone.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// For calls body(i) once for every i in [0, n), on up to GOMAXPROCS goroutines of which the caller is one, and
// returns when all calls are done. When a body panics, no further index is started, the other goroutines finish the
// index they are at, and the first panic's value is raised again in the caller.
func For(n int, body func(i int)) { run(n, task{each: body}) }

// Range cuts [0, n) into ranges of size indices (the last may be shorter) and calls body(lo, hi) for each as For does.
// The ranges depend on n and size alone. Size must be positive.
func Range(n, size int, body func(lo, hi int)) {
	run((n+size-1)/size, task{ranges: body, n: n, size: size})
}

// task is the body of a For, or that of a Range and what it cuts.
type task struct {
	each    func(i int)
	ranges  func(lo, hi int)
	n, size int
}

// part does part i.
func (t *task) part(i int) {
	if t.each != nil {
		t.each(i)
		return
	}
	t.ranges(i*t.size, min(t.n, (i+1)*t.size))
}

// run does each of n parts of a task.
func run(n int, do task) {
	helpers := 0
	if n > 1 {
		helpers = reserve(min(n, runtime.GOMAXPROCS(0))-1, runtime.GOMAXPROCS(0))
	}
	if helpers == 0 {
		if t := trace.Load(); t != nil {
			t.loop(n, do)
			return
		}
		for i := range n {
			do.part(i)
		}
		return
	}
	l := loops.Get().(*loop)
	l.start(n, helpers+1, do)
	call(l, helpers)
	l.work(0)
	l.wait()
	f := l.failure.Swap(nil)
	l.task = task{}
	loops.Put(l)
	if f != nil {
		panic(f.value)
	}
}

// loop is the state that the goroutines of one For share. Each has a part of the indices to begin with, the same part in loops of
// as many indices: so what one loop has written, the same processor reads in the next. Then it goes on with what is left of others'.
type loop struct {
	parts   [mostParts]part
	shared  int // parts
	joined  atomic.Int32
	task    task
	failure atomic.Pointer[failure]
	helpers sync.WaitGroup
	busy    atomic.Int32 // helpers
}

const mostParts = 8

// part is a range of indices, in a line of the cache for itself.
type part struct {
	next atomic.Int64
	end  int64
	_    [48]byte
}

var loops = sync.Pool{New: func() any { return new(loop) }}

type failure struct{ value any }

func (l *loop) start(n, workers int, do task) {
	l.task, l.shared = do, min(workers, mostParts)
	l.joined.Store(0)
	size, larger := n/l.shared, n%l.shared // the first parts are larger by one
	for i := range l.shared {
		lo := i*size + min(i, larger)
		l.parts[i].next.Store(int64(lo))
		l.parts[i].end = int64(lo + size)
		if i < larger {
			l.parts[i].end++
		}
	}
}

// work runs indices, those of part first to begin with, until none is left or a body has panicked.
func (l *loop) work(first int) {
	defer func() {
		if v := recover(); v != nil {
			l.failure.CompareAndSwap(nil, &failure{v})
		}
	}()
	for i := range l.shared {
		p := &l.parts[(first+i)%l.shared]
		for l.failure.Load() == nil {
			index := p.next.Add(1) - 1
			if index >= p.end {
				break
			}
			l.task.part(int(index))
		}
	}
}
