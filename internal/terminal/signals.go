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
	signal.Ignore(syscall.SIGPIPE)
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	context.AfterFunc(ctx, func() {
		signal.Ignore(syscall.SIGHUP) // a terminal sends it more than once
		stop()                        // the next of the others finds nobody who waits for it
		tell()
	})
	return ctx
}
