package train

import "sync"

// line does calls on a goroutine of its own, one after the other, in the order in which they are given. After one that fails it does none.
type line struct {
	calls chan func() error
	open  sync.WaitGroup
	err   error // of the first that failed; read it after wait
}

// newLine makes a line for so many calls, with which nobody who gives them waits. It must be closed.
func newLine(calls int) *line {
	l := &line{calls: make(chan func() error, calls)}
	go func() {
		for f := range l.calls {
			if l.err == nil {
				l.err = f()
			}
			l.open.Done()
		}
	}()
	return l
}

func (l *line) add(f func() error) {
	l.open.Add(1)
	l.calls <- f
}

// wait returns when all calls so far are done, with the first error.
func (l *line) wait() error {
	l.open.Wait()
	return l.err
}

// close waits and ends the goroutine.
func (l *line) close() error {
	err := l.wait()
	close(l.calls)
	return err
}
