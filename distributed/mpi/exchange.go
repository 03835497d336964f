//go:build linux && (amd64 || arm64) && !nompi

package mpi

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// thread makes the calls to MPI.
type thread struct {
	*library
	rank, size int
	number     int // of exchanges
	requests   []request
	status     status
}

// request is a message under way. MPI writes its handle.
type request struct {
	handle   uintptr
	rank     int
	bytes    int
	receives bool
	done     bool
}

// status is MPI_Status of Open MPI 4 and 5.
type status struct {
	source, tag, code, cancelled int32
	bytes                        uint64
}

// abandoned is memory that MPI may still write to after an exchange has failed.
var abandoned []*runtime.Pinner

// exchange sends a part to every other rank and receives one of each, all at once. Each exchange has a tag of its own, so that no
// message is taken for one of another. limit is how long it may take; 0: any time.
func (t *thread) exchange(send, receive [][]byte, limit time.Duration) (err error) {
	pin := new(runtime.Pinner)
	defer func() {
		if err != nil {
			abandoned = append(abandoned, pin)
			return
		}
		pin.Unpin()
	}()
	t.requests = t.requests[:0]
	tag := t.number % (1 << 20)
	t.number++
	// Sends first: a rank that finds another's message waiting answers it at once when it posts the receive, and what it has to send
	// would then be announced behind the answer. The other would begin, and its own answer come behind all it sends: one direction
	// after the other, at half the rate of the link.
	for k := 1; k < t.size; k++ { // no two ranks begin with the same
		if err := t.post("MPI_Isend", t.isend, (t.rank+k)%t.size, send, tag, pin); err != nil {
			return err
		}
	}
	for k := 1; k < t.size; k++ {
		if err := t.post("MPI_Irecv", t.irecv, (t.rank+t.size-k)%t.size, receive, tag, pin); err != nil {
			return err
		}
	}
	begun := time.Now()
	for i := range t.requests {
		if err := t.finish(i, begun, limit); err != nil {
			return err
		}
	}
	return nil
}

// post begins to send a rank its part, or to receive it.
func (t *thread) post(name string, function uintptr, rank int, parts [][]byte, tag int, pin *runtime.Pinner) error {
	x := parts[rank]
	if len(x) > math.MaxInt32 {
		return fmt.Errorf("%d bytes between ranks %d and %d: a message has 2 GiB at most", len(x), t.rank, rank)
	}
	at := uintptr(0)
	if len(x) > 0 {
		pin.Pin(&x[0])
		at = address(&x[0])
	}
	t.requests = append(t.requests, request{rank: rank, bytes: len(x), receives: function == t.irecv})
	handle := &t.requests[len(t.requests)-1].handle
	return t.call(name, function, at, uintptr(len(x)), t.byteType, uintptr(rank), uintptr(tag), t.world, address(handle))
}

// finish waits for a message. MPI moves all others on meanwhile.
func (t *thread) finish(i int, begun time.Time, limit time.Duration) error {
	for {
		done, err := t.test(i)
		if done || err != nil {
			return err
		}
		// What comes soon is waited for at once. Later the processor is left to others, for a small part of what was waited.
		waited := time.Since(begun)
		if limit > 0 && waited > limit {
			if err := t.missing(waited); err != nil {
				return err
			}
			continue // it was this rank that stood still: all is there
		}
		if waited > 20*time.Microsecond {
			time.Sleep(min(waited/32, time.Millisecond))
		}
	}
}

// test reports whether a message has come, or gone.
func (t *thread) test(i int) (bool, error) {
	r := &t.requests[i]
	if r.done {
		return true, nil
	}
	if err := t.call("MPI_Test", t.testOne, address(&r.handle), address(&t.out.done), address(&t.status)); err != nil {
		return false, fmt.Errorf("a message between ranks %d and %d: %w", t.rank, r.rank, err)
	}
	if t.out.done == 0 {
		return false, nil
	}
	r.done = true
	if got := t.status.bytes; r.receives && got != uint64(r.bytes) {
		return false, fmt.Errorf("rank %d sent %d bytes, rank %d expects %d: all ranks must do the same in the same order", r.rank, got, t.rank, r.bytes)
	}
	return true, nil
}

// missing is the error of waiting too long; nil if everything is there after all.
func (t *thread) missing(waited time.Duration) error {
	l := &LateError{Waited: waited.Round(time.Millisecond)}
	for i, r := range t.requests { // two of each rank, which is named once
		if slices.Contains(l.Ranks, r.rank) {
			continue
		}
		if done, err := t.test(i); err != nil {
			return err
		} else if !done {
			l.Ranks = append(l.Ranks, r.rank)
		}
	}
	if l.Ranks == nil {
		return nil
	}
	return l
}
