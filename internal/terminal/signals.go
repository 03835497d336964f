// Package terminal is what programs need of their surroundings: signals that end them well, and streams whose readers may go
// away.
package terminal

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Context returns a context that Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP) cancel; tell is then called. The next
// Ctrl-C or SIGTERM ends the program at once. A program begun with SIGHUP ignored, as by nohup, goes on without its terminal.
// A stream without a reader does not end the program: writing to it is an error.
func Context(tell func()) context.Context { return until(hangup, tell) }

// ServerContext is Context for a server, which SIGHUP does not end: see Hangups.
func ServerContext(tell func()) context.Context {
	if hangup != nil {
		signal.Notify(make(chan os.Signal, 1), hangup) // until Hangups, so that none ends it before
	}
	return until(nil, tell)
}

// Hangups gives each SIGHUP, which tells a server to read its settings again, until stop is called.
func Hangups() (hangups <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	if hangup != nil {
		signal.Notify(c, hangup)
	}
	return c, func() {
		signal.Stop(c)
		close(c)
	}
}

func until(hangup os.Signal, tell func()) context.Context {
	ignore(pipe)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if hangup != nil && !signal.Ignored(hangup) {
		ends = append(ends, hangup)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, func() {
		ignore(hangup) // a terminal sends it more than once
		stop()         // the next of the others finds nobody who waits for it
		tell()
	})
	return ctx
}

// ignore ignores a signal, if the system has it: signal.Ignore of none is of all.
func ignore(s os.Signal) {
	if s != nil {
		signal.Ignore(s)
	}
}
