package prefetch

import (
	"errors"
	"sync/atomic"
)

// slot is the place of a batch.
type slot[B any] struct {
	batch   B
	left    atomic.Int64            // rows that are not done
	failure atomic.Pointer[failure] // of the lowest row that has failed; nil: none
	full    chan struct{}           // receives when all rows are done
}

// failure is an error or a panic while a row was filled.
type failure struct {
	row      int
	err      error
	panicked any
}

// errExit stands for what neither returned nor panicked.
var errExit = errors.New("prefetch: runtime.Goexit ended a goroutine that filled a batch: return an error instead")

// try calls do and keeps its error or panic for the loop.
func (s *slot[B]) try(row int, do func() error) {
	returned := false
	defer func() {
		if !returned {
			s.fail(&failure{row: row, err: errExit, panicked: recover()})
		}
	}()
	err := do()
	if returned = true; err != nil {
		s.fail(&failure{row: row, err: err})
	}
}

// fail keeps the failure of the lowest row.
func (s *slot[B]) fail(f *failure) {
	for {
		old := s.failure.Load()
		if old != nil && old.row <= f.row || s.failure.CompareAndSwap(old, f) {
			return
		}
	}
}
