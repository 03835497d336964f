package parallel

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a goroutine looks out for work, or for others to finish theirs, before it sleeps. Loops over small images
// follow each other within it, and to wake up a processor takes longer than their bodies.
const patience = 120 * time.Microsecond

// helper is a goroutine that helps with a loop, and then looks out for another.
type helper struct {
	next  atomic.Pointer[loop]
	begin func() // run, made once
}

// spare are helpers whose goroutine has ended.
var spare sync.Pool

// gone is what a helper has for a loop that gave up.
var gone = new(loop)

// idle are the helpers that look out, the latest last.
var idle struct {
	sync.Mutex
	helpers []*helper
}

// working is how many helpers are at work, less the callers of loops who have nothing left to do but wait for them.
var working atomic.Int32

// reserve returns how many helpers, of those that a loop wants, have a processor to work on. A loop inside of one that has all
// processors gets none: they would start when its caller has done their part, and it would wait for them.
func reserve(want, processors int) int {
	for {
		n := working.Load()
		got := min(want, processors-1-int(n))
		if got <= 0 {
			return 0
		}
		if working.CompareAndSwap(n, n+int32(got)) {
			return got
		}
	}
}

// call has n helpers work on l: idle ones first.
func call(l *loop, n int) {
	l.helpers.Add(n)
	l.busy.Store(int32(n))
	idle.Lock()
	for n > 0 && len(idle.helpers) > 0 {
		last := len(idle.helpers) - 1
		if idle.helpers[last].next.CompareAndSwap(nil, l) {
			n--
		}
		idle.helpers = idle.helpers[:last]
	}
	idle.Unlock()
	starting.Add(int32(n))
	for range n {
		h, ok := spare.Get().(*helper)
		if !ok {
			h = new(helper)
			h.begin = h.run
		}
		h.next.Store(l)
		go h.begin()
	}
}

// starting is how many helpers wait for a processor, which a caller that waits for others gives up for them.
var starting atomic.Int32

// run works on what it is called for until it has not been for a while.
func (h *helper) run() {
	starting.Add(-1)
	for l := h.next.Load(); l != gone; l = h.next.Swap(gone) {
		h.help(l)
		h.next.Store(nil)
		idle.Lock()
		idle.helpers = append(idle.helpers, h)
		idle.Unlock()
		await(func() bool { return h.next.Load() != nil })
		if h.next.CompareAndSwap(nil, gone) {
			idle.Lock()
			idle.helpers = slices.DeleteFunc(idle.helpers, func(o *helper) bool { return o == h })
			idle.Unlock()
		}
	}
	spare.Put(h)
}

// help also says that it is done where the body ends the goroutine.
func (h *helper) help(l *loop) {
	defer func() {
		working.Add(-1)
		l.busy.Add(-1)
		l.helpers.Done()
	}()
	l.work(int(l.joined.Add(1)))
}

// wait returns when no helper works on l.
func (l *loop) wait() {
	working.Add(-1)
	defer working.Add(1)
	await(func() bool { return l.busy.Load() == 0 || starting.Load() > 0 })
	l.helpers.Wait()
}

// await returns when done holds, or after a while. It does not yield, after which the goroutine might go on elsewhere.
func await(done func() bool) {
	for began := time.Now(); time.Since(began) < patience; {
		for range 64 {
			if done() {
				return
			}
		}
	}
}
