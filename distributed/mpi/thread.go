//go:build linux && (amd64 || arm64) && !nompi

package mpi

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/longtail-ml/longtail/distributed"
)

// communicator is this process's rank. A goroutine with a thread of its own makes all calls to MPI.
type communicator struct {
	rank, size int
	hosts      []string // of each rank
	timeout    time.Duration
	calls      chan func(*thread) error
	results    chan error
	err        error // of the first operation that failed: from then on others may be elsewhere
}

// opened is whether this process has begun MPI, which it can once.
var opened struct {
	sync.Mutex
	done bool
}

func open(s Settings) (distributed.Communicator, error) {
	opened.Lock()
	defer opened.Unlock()
	if opened.done {
		return nil, errors.New("mpi: Open was called before: a process joins its job once, so hand on what it returned then")
	}
	l, err := load(s.Library)
	if err != nil {
		return nil, err
	}
	opened.done = true
	c := &communicator{timeout: s.Timeout, calls: make(chan func(*thread) error), results: make(chan error)}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		t := &thread{library: l}
		rank, size, err := l.start()
		t.rank, t.size = rank, size
		started <- err
		if err != nil {
			return
		}
		for do := range c.calls {
			c.results <- do(t)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("mpi: %w", err)
	}
	close(started)
	t := l.out
	c.rank, c.size = int(t.rank), int(t.size)
	name, err := os.Hostname()
	if err != nil {
		name = "unknown machine"
	}
	names, err := distributed.Gather(c, []byte(name))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		c.hosts = append(c.hosts, string(n))
	}
	return c, nil
}

func (c *communicator) Rank() int { return c.rank }
func (c *communicator) Size() int { return c.size }

func (c *communicator) AllToAll(send []byte, sent []int, receive []byte, received []int) error {
	if err := distributed.CheckAllToAll(c, send, sent, receive, received); err != nil {
		return err
	}
	return c.do("AllToAll", c.timeout, distributed.Parts(send, sent), distributed.Parts(receive, received))
}

func (c *communicator) AllGather(x []byte, counts []int) error {
	if err := distributed.CheckAllGather(c, x, counts); err != nil {
		return err
	}
	parts := distributed.Parts(x, counts)
	send := make([][]byte, c.size)
	for i := range send {
		send[i] = parts[c.rank]
	}
	return c.do("AllGather", c.timeout, send, parts)
}

func (c *communicator) Broadcast(x []byte, from int) error {
	if err := distributed.CheckBroadcast(c, from); err != nil {
		return err
	}
	send, receive := make([][]byte, c.size), make([][]byte, c.size)
	if c.rank == from {
		for i := range send {
			send[i] = x
		}
	}
	receive[from] = x
	return c.do("Broadcast", c.timeout, send, receive)
}

func (c *communicator) Barrier() error {
	return c.do("Barrier", c.timeout, make([][]byte, c.size), make([][]byte, c.size))
}

// Close waits for all ranks to close, however long they take, and ends MPI.
func (c *communicator) Close() error {
	if c.calls == nil {
		return nil
	}
	err := c.do("Close", 0, make([][]byte, c.size), make([][]byte, c.size))
	if err == nil {
		c.calls <- func(t *thread) error { return t.call("MPI_Finalize", t.finalize) }
		if err = <-c.results; err != nil {
			err = fmt.Errorf("mpi: rank %d: %w", c.rank, err)
		}
	}
	close(c.calls)
	c.calls = nil
	return err
}

// do exchanges parts with all ranks.
func (c *communicator) do(op string, limit time.Duration, send, receive [][]byte) error {
	if c.err != nil {
		return c.err
	}
	if c.calls == nil {
		return fmt.Errorf("mpi: %s on rank %d after Close", op, c.rank)
	}
	copy(receive[c.rank], send[c.rank])
	c.calls <- func(t *thread) error { return t.exchange(send, receive, limit) }
	err := <-c.results
	if err == nil {
		return nil
	}
	if late := (&LateError{}); errors.As(err, &late) {
		late.name(c)
	}
	c.err = fmt.Errorf("mpi: %s on rank %d: %w", op, c.rank, err)
	return c.err
}

// name says which rank it is, and where it runs.
func (c *communicator) name(rank int) string {
	if c.hosts == nil {
		return fmt.Sprint("rank ", rank)
	}
	return fmt.Sprintf("rank %d on %s", rank, c.hosts[rank])
}

// name names the ranks.
func (l *LateError) name(c *communicator) {
	for _, r := range l.Ranks {
		l.names = append(l.names, c.name(r))
	}
}
