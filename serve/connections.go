package serve

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// connections are those of a server with what they are at, for http.Server.ConnState.
type connections struct {
	mu  sync.Mutex
	all map[net.Conn]connection
}

type connection struct {
	state http.ConnState
	since time.Time
}

func (c *connections) set(conn net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s == http.StateClosed || s == http.StateHijacked {
		delete(c.all, conn)
		return
	}
	if c.all == nil {
		c.all = map[net.Conn]connection{}
	}
	c.all[conn] = connection{s, time.Now()}
}

// silence is how long a connection may say nothing from its beginning until it is taken for one that was opened in advance.
const silence = 2 * time.Second

// quiet waits until no connection has a request under way, or may be about to send its first.
func (c *connections) quiet(ctx context.Context) error {
	for c.busy() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func (c *connections) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.all {
		if one.state == http.StateActive || one.state == http.StateNew && time.Since(one.since) < silence {
			return true
		}
	}
	return false
}
