package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServerSettings are those of Serve. Of fields that are not given, the comment has what 0 means.
type ServerSettings struct {
	// Drain is how long a server that is to stop still takes connections, while GET /readyz answers 503, so that clients can go
	// elsewhere; 0: 1 s.
	Drain time.Duration
	// Stop is how long it then waits for requests that are being answered; 0: 30 s.
	Stop time.Duration
	// TLS makes it HTTPS; nil: HTTP.
	TLS *tls.Config
}

// Serve answers requests to l with h until ctx ends, and then stops: what comes on connections that it has accepted is answered
// first. It closes l and h. Its error is nil after such a stop, and says so if requests were still being answered at the end of
// ServerSettings.Stop.
func Serve(ctx context.Context, l net.Listener, h *Handler, s ServerSettings) error {
	if s.Drain < 0 || s.Stop < 0 {
		l.Close()
		return errors.New("serve: ServerSettings.Drain or Stop is negative: it must be positive, or 0 for the default")
	}
	drain, stop := orSecond(s.Drain, 1), orSecond(s.Stop, 30)
	open := &connections{}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(h.s.Log.Handler(), slog.LevelWarn),
		TLSConfig:         s.TLS,
		ConnState:         open.set,
	}
	ended := make(chan error, 1)
	go func() {
		if s.TLS != nil {
			ended <- server.ServeTLS(l, "", "")
			return
		}
		ended <- server.Serve(l)
	}()
	select {
	case err := <-ended:
		h.Close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	h.Stopping()
	time.Sleep(drain)
	late, cancel := context.WithTimeout(context.Background(), stop)
	defer cancel()
	_ = l.Close() // Shutdown would drop requests that it finds on connections already accepted
	<-ended
	err := open.quiet(late)
	if err == nil {
		err = server.Shutdown(late)
	}
	if err != nil {
		_ = server.Close()
		return fmt.Errorf("serve: requests were still being answered %v after the stop: %w", stop, err)
	}
	h.Close()
	return nil
}

func orSecond(d time.Duration, seconds int) time.Duration {
	if d == 0 {
		return time.Duration(seconds) * time.Second
	}
	return d
}
