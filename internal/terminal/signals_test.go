//go:build !windows && !js

package terminal_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/stretchr/testify/require"
)

func within[T any](t *testing.T, c <-chan T, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatal(what)
	}
}

// How programs end by signals is tested with processes in cmd/longtail; here, that they are heard.
func TestSignalsAreHeard(t *testing.T) {
	send := func(s syscall.Signal) { require.NoError(t, syscall.Kill(os.Getpid(), s)) }
	server := make(chan struct{})
	ctx := terminal.ServerContext(func() { close(server) })
	send(syscall.SIGHUP) // ends nothing, before Hangups and after
	hangups, stop := terminal.Hangups()
	send(syscall.SIGHUP)
	within(t, hangups, "a hangup of a server")
	stop()
	_, open := <-hangups
	require.False(t, open)
	require.NoError(t, ctx.Err())
	send(syscall.SIGPIPE) // ignored
	send(syscall.SIGTERM)
	within(t, ctx.Done(), "SIGTERM of a server")
	within(t, server, "telling of it")

	program := make(chan struct{})
	ctx = terminal.Context(func() { close(program) })
	require.NoError(t, ctx.Err())
	send(syscall.SIGTERM)
	within(t, ctx.Done(), "SIGTERM of a program")
	within(t, program, "telling of it")
}
