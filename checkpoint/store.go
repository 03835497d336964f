package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/internal/lock"
)

// Store keeps the checkpoints of one run in a directory, each a directory of its own named as in
// "epoch-0007-step-000123". One process at a time may write to it, see Lock; others may read.
type Store struct {
	Dir string
	// Keep is how many of the newest checkpoints stay, besides the one with the highest Run.Score and those whose score cannot
	// be read, since they are damaged. 0 means 3.
	Keep int
}

// InUseError says which process has a lock, on which host and since when.
type InUseError = lock.InUseError

// Lock makes the directory and keeps other processes, and other callers here, from writing to it until release. If one of
// them has it, the error wraps an *InUseError. A process that is killed leaves no lock but a file that says nothing.
func (s Store) Lock() (release func(), err error) {
	if err := os.MkdirAll(s.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	l, err := lock.Folder(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return l.Release, nil
}

// ErrNone is in the error of a Store that has no checkpoint.
var ErrNone = errors.New("no checkpoint")

// ErrDamaged is in the error of a choice that checkpoints could not take part in.
var ErrDamaged = errors.New("among those that are damaged")

// List returns the paths of the checkpoints, oldest first, intact or not. A directory that does not exist has none.
func (s Store) List() ([]string, error) {
	runs, err := s.runs()
	var paths []string
	for _, r := range runs {
		paths = append(paths, filepath.Join(s.Dir, r.name()))
	}
	return paths, err
}

// runs returns the positions that the names in the directory tell, oldest first.
func (s Store) runs() ([]Run, error) {
	all, err := os.ReadDir(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint: listing checkpoints: %w", err)
	}
	var runs []Run
	for _, e := range all {
		if r, ok := position(e.Name()); ok && e.IsDir() {
			runs = append(runs, r)
		}
	}
	slices.SortFunc(runs, func(a, b Run) int {
		if a.before(b) {
			return -1
		}
		return 1 // names differ, so positions do
	})
	return runs, nil
}

// Newest returns the newest intact checkpoint. Newer ones that are damaged are passed over: skipped says which they are
// and what is wrong with them. One of another version is an error that says what reads it. It is an error if there is none,
// which wraps ErrNone unless there are damaged ones.
func (s Store) Newest() (c *Checkpoint, skipped []error, err error) {
	runs, err := s.runs()
	if err != nil {
		return nil, nil, err
	}
	for _, r := range slices.Backward(runs) {
		if c, err = s.open(r); err == nil {
			return c, skipped, nil
		}
		if errors.As(err, new(otherVersion)) { // it is not damaged, and what is older is no newer run
			return nil, skipped, err
		}
		skipped = append(skipped, err)
	}
	return nil, skipped, s.none(skipped)
}

// Best returns the intact checkpoint with the highest Run.Score, the oldest of equals. It is an error if none has one. If
// some are damaged, one of them may have been the best: the error then wraps ErrDamaged, says which they are and what is
// wrong with them, and comes with the best of the others, nil if there is none. One of another version is an error as well.
func (s Store) Best() (*Checkpoint, error) {
	runs, err := s.runs()
	if err != nil {
		return nil, err
	}
	var best *Checkpoint
	var damaged []error
	for _, r := range runs {
		switch c, err := s.open(r); {
		case errors.As(err, new(otherVersion)):
			return nil, err
		case err != nil:
			damaged = append(damaged, err)
		case c.Run.Score != nil && (best == nil || *c.Run.Score > *best.Run.Score):
			best = c
		}
	}
	switch {
	case len(damaged) > 0:
		return best, fmt.Errorf("checkpoint: %s: the best may be %w: %w", s.Dir, ErrDamaged, errors.Join(damaged...))
	case best == nil:
		return nil, s.none(nil)
	}
	return best, nil
}

func (s Store) none(damaged []error) error {
	if len(damaged) == 0 {
		return fmt.Errorf("checkpoint: %s: %w", s.Dir, ErrNone)
	}
	return fmt.Errorf("checkpoint: %s: no checkpoint is intact: %w", s.Dir, errors.Join(damaged...))
}

// open opens a checkpoint and checks that it is the one its name says.
func (s Store) open(r Run) (*Checkpoint, error) {
	c, err := Open(filepath.Join(s.Dir, r.name()))
	if err == nil && (c.Run.Epoch != r.Epoch || c.Run.Step != r.Step) {
		return nil, fmt.Errorf("checkpoint: %s: holds the checkpoint %s: it was renamed", c.Path, c.Run.name())
	}
	return c, err
}
