package distributed

import (
	"errors"
	"fmt"
	"sync"
)

// Local connects n ranks of this process, each of which is used by a goroutine of its own.
func Local(n int) []Communicator {
	h := &hall{calls: make([]*call, n)}
	h.changed.L = &h.lock
	all := make([]Communicator, n)
	for r := range all {
		all[r] = &local{h, r}
	}
	return all
}

// Run calls do for each of n ranks of this process at once and waits for all. A rank that returns is closed: what others wait for
// it to do fails. The errors are joined, in the order of ranks.
func Run(n int, do func(Communicator) error) error {
	errs := make([]error, n)
	var wait sync.WaitGroup
	for r, c := range Local(n) {
		wait.Go(func() {
			defer c.Close()
			errs[r] = do(c)
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// hall is where ranks meet: the last to come does the work.
type hall struct {
	lock    sync.Mutex
	changed sync.Cond
	calls   []*call // of the ranks that have come
	waiting int
	round   int
	err     error // of the round before; the hall is of no use from then on
	gone    error // a rank that has left; nil: none
}

// call is one rank's part in an operation.
type call struct {
	op       string
	from     int
	send     [][]byte // a part for each rank
	received [][]byte // and of each
}

type local struct {
	hall *hall
	rank int
}

func (l *local) Rank() int { return l.rank }
func (l *local) Size() int { return len(l.hall.calls) }

func (l *local) AllToAll(send []byte, sent []int, receive []byte, received []int) error {
	if err := CheckAllToAll(l, send, sent, receive, received); err != nil {
		return err
	}
	return l.meet(&call{op: "AllToAll", send: Parts(send, sent), received: Parts(receive, received)})
}

func (l *local) AllGather(x []byte, counts []int) error {
	if err := CheckAllGather(l, x, counts); err != nil {
		return err
	}
	parts := Parts(x, counts)
	c := &call{op: "AllGather", send: make([][]byte, len(parts)), received: parts}
	for i := range c.send {
		c.send[i] = parts[l.rank]
	}
	return l.meet(c)
}

func (l *local) Broadcast(x []byte, from int) error {
	if err := CheckBroadcast(l, from); err != nil {
		return err
	}
	c := &call{op: "Broadcast", from: from, send: make([][]byte, l.Size()), received: make([][]byte, l.Size())}
	if l.rank == from {
		for i := range c.send {
			c.send[i] = x
		}
	}
	c.received[from] = x
	return l.meet(c)
}

func (l *local) Barrier() error {
	return l.meet(&call{op: "Barrier", send: make([][]byte, l.Size()), received: make([][]byte, l.Size())})
}

// Close leaves the hall.
func (l *local) Close() error {
	h := l.hall
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.gone == nil {
		h.gone = fmt.Errorf("distributed: rank %d has left", l.rank)
		h.changed.Broadcast()
	}
	return nil
}

// meet waits until all ranks have come.
func (l *local) meet(c *call) error {
	h := l.hall
	h.lock.Lock()
	defer h.lock.Unlock()
	if h.err != nil {
		return h.err
	}
	if h.gone != nil {
		return fmt.Errorf("distributed: %s on rank %d: %w", c.op, l.rank, h.gone)
	}
	h.calls[l.rank] = c
	h.waiting++
	if h.waiting == len(h.calls) {
		h.err = h.exchange()
		h.waiting = 0
		h.round++
		clear(h.calls)
		h.changed.Broadcast()
		return h.err
	}
	for round := h.round; round == h.round; h.changed.Wait() {
		if h.gone != nil {
			return fmt.Errorf("distributed: %s on rank %d: %w", c.op, l.rank, h.gone)
		}
	}
	return h.err
}

// exchange does what all ranks have come for.
func (h *hall) exchange() error {
	for r, c := range h.calls {
		if first := h.calls[0]; c.op != first.op || c.from != first.from {
			return fmt.Errorf("distributed: rank 0 calls %s from %d, rank %d %s from %d: all ranks must do the same in the same order", first.op, first.from, r, c.op, c.from)
		}
	}
	for to, c := range h.calls {
		for from, sender := range h.calls {
			if a, b := len(sender.send[to]), len(c.received[from]); a != b {
				return fmt.Errorf("distributed: %s: rank %d has %d bytes for rank %d, which expects %d: all ranks must do the same in the same order", c.op, from, a, to, b)
			}
			copy(c.received[from], sender.send[to])
		}
	}
	return nil
}

// Parts cuts x into parts of so many bytes.
func Parts(x []byte, counts []int) [][]byte {
	parts := make([][]byte, len(counts))
	at := 0
	for i, n := range counts {
		parts[i] = x[at : at+n : at+n]
		at += n
	}
	return parts
}
