package terminal

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
)

// Stream is a standard stream of a program. When its reader goes away, as head does, it takes what is written and drops it. Of
// other errors, such as a full disk, it keeps the first.
type Stream struct {
	w io.Writer

	mu   sync.Mutex
	gone bool
	err  error
}

// NewStream returns w as a Stream.
func NewStream(w io.Writer) *Stream { return &Stream{w: w} }

// Write writes p, or drops it if nobody reads.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone:
		return len(p), nil
	case s.err != nil:
		return 0, s.err
	}
	n, err := s.w.Write(p)
	switch {
	case err == nil:
		return n, nil
	case nobodyReads(err):
		s.gone = true
		return len(p), nil
	}
	s.err = err
	return n, err
}

// Gone reports that the reader went away.
func (s *Stream) Gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}

// Err is the first error of writing.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// IsTerminal reports whether a person reads.
func (s *Stream) IsTerminal() bool {
	f, ok := s.w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Columns is how wide the terminal is; 80 where it does not say.
func (s *Stream) Columns() int {
	if f, ok := s.w.(*os.File); ok {
		if wide, _, err := term.GetSize(int(f.Fd())); err == nil && wide > 0 {
			return wide
		}
	}
	return 80
}

func nobodyReads(err error) bool {
	for _, e := range brokenPipe {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.Is(err, io.ErrClosedPipe)
}
