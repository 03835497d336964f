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
func Context(tell func()) context.Context {
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
