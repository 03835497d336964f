package parallel

import (
	"runtime"
	"sync/atomic"
	"time"
)

// tracer has the loops of a Trace.
type tracer struct {
	loops  [][]time.Duration
	inside bool // of a loop
}

var trace atomic.Pointer[tracer]

// Trace runs f on one processor and returns how long each body took in each loop that is in no other, for benchmarks: what
// more processors could share. Nothing else may run loops meanwhile.
func Trace(f func()) [][]time.Duration {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	t := &tracer{}
	trace.Store(t)
	defer trace.Store(nil)
	f()
	return t.loops
}

// loop is run on one goroutine.
func (t *tracer) loop(n int, do task) {
	if t.inside {
		for i := range n {
			do.part(i)
		}
		return
	}
	t.inside = true
	took := make([]time.Duration, n)
	for i := range n {
		began := time.Now()
		do.part(i)
		took[i] = time.Since(began)
	}
	t.inside = false
	t.loops = append(t.loops, took)
}
