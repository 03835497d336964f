package record

import (
	"fmt"
	"os"
	"sync"
)

// file is the end of a file that is written piece by piece, each piece in one call: a process that dies leaves whole
// pieces.
type file struct {
	path string

	mu     sync.Mutex
	f      *os.File // nil once it is closed
	broken bool     // by a failed write, which may have left half a piece
	first  error
}

func (s *file) write(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.f == nil:
		return fmt.Errorf("record: %s is closed: nothing more can be recorded in it", s.path)
	case s.broken:
		return s.first
	}
	if _, err := s.f.Write(p); err != nil { // os names the path
		s.broken = true
		return s.keep(fmt.Errorf("record: %w: nothing more is recorded there", err))
	}
	return nil
}

// fail keeps an error that is not the file's.
func (s *file) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keep(err)
}

func (s *file) keep(err error) error {
	if s.first == nil {
		s.first = err
	}
	return err
}

// Flush puts everything recorded so far on disk. A file that is no longer at its path is an error: what it has is lost with it.
func (s *file) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f == nil {
		return fmt.Errorf("record: %s is closed: it was flushed then", s.path)
	}
	if err := s.f.Sync(); err != nil {
		return s.keep(fmt.Errorf("record: %w", err))
	}
	is, err := s.f.Stat()
	if err != nil {
		return s.keep(fmt.Errorf("record: %w", err))
	}
	if at, err := os.Stat(s.path); err != nil {
		return s.keep(fmt.Errorf("record: %w: removed while it was written, and what was recorded is lost with it", err))
	} else if !os.SameFile(is, at) {
		return s.keep(fmt.Errorf("record: %s was replaced while it was written, and what was recorded is lost with it", s.path))
	}
	return nil
}

// Close flushes and closes the file. It returns the first error of all calls.
func (s *file) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.f == nil {
		return s.first
	}
	for _, err := range []error{s.f.Sync(), s.f.Close()} {
		if err != nil {
			s.keep(fmt.Errorf("record: %w", err))
		}
	}
	s.f = nil
	return s.first
}

// create makes a new file that begins with the given bytes, or none.
func create(path string, begin []byte) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(begin); err != nil {
		f.Close()
		os.Remove(path)
		return nil, err
	}
	return f, nil
}
