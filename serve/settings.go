package serve

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// NoWait is a Wait of none.
const NoWait time.Duration = -1

// Settings are those of a Handler. Of fields that are not given, the comment has what 0 means.
type Settings struct {
	Models []Model // at least one; the first answers requests that name none

	Batch int           // pictures computed at once; 0: 32
	Wait  time.Duration // that a picture waits for others that are being read, so that they are computed together; 0: 2 ms
	Queue int           // pictures that are being decoded or wait to be computed, of each model; beyond, requests are answered 503; 0: 512

	MaxImages int   // in a request; 0: 64
	MaxBody   int64 // bytes of a request; 0: 32 MiB
	MaxPixels int   // of a picture; 0: 16 megapixels (2²⁴)
	MaxMemory int64 // bytes of all bodies that are held at once; beyond, requests are answered 503; 0: 512 MiB

	ReadTimeout  time.Duration // for a request's body to come; 0: 30 s
	Timeout      time.Duration // from then on, to wait and be computed; 0: 30 s
	WriteTimeout time.Duration // for the answer to go; 0: 30 s

	Token string       // that requests must bear, but for those of the page, its description and health; "": none
	Log   *slog.Logger // nil: nothing is logged
}

// filled returns s with what 0 means.
func (s Settings) filled() (Settings, error) {
	s.Batch, s.Queue, s.MaxImages = cmp.Or(s.Batch, 32), cmp.Or(s.Queue, 512), cmp.Or(s.MaxImages, 64)
	s.MaxBody, s.MaxPixels, s.MaxMemory = cmp.Or(s.MaxBody, 32<<20), cmp.Or(s.MaxPixels, 1<<24), cmp.Or(s.MaxMemory, 512<<20)
	s.Wait = cmp.Or(s.Wait, 2*time.Millisecond)
	s.ReadTimeout, s.Timeout, s.WriteTimeout = cmp.Or(s.ReadTimeout, 30*time.Second), cmp.Or(s.Timeout, 30*time.Second), cmp.Or(s.WriteTimeout, 30*time.Second)
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	for name, v := range map[string]int64{"Batch": int64(s.Batch), "Queue": int64(s.Queue), "MaxImages": int64(s.MaxImages), "MaxBody": s.MaxBody,
		"MaxPixels": int64(s.MaxPixels), "MaxMemory": s.MaxMemory, "ReadTimeout": int64(s.ReadTimeout), "Timeout": int64(s.Timeout),
		"WriteTimeout": int64(s.WriteTimeout)} {
		if v < 0 {
			return s, fmt.Errorf("serve: Settings.%s is negative: it must be positive, or 0 for the default", name)
		}
	}
	switch {
	case s.Wait < 0 && s.Wait != NoWait:
		return s, errors.New("serve: Settings.Wait is negative: it must be positive, 0 for 2 ms, or NoWait")
	case s.MaxImages > s.Queue:
		return s, fmt.Errorf("serve: Settings.MaxImages is %d and Queue %d: a request must fit into the queue", s.MaxImages, s.Queue)
	case s.MaxBody > s.MaxMemory:
		return s, fmt.Errorf("serve: Settings.MaxBody is %d and MaxMemory %d: a request must fit into the memory", s.MaxBody, s.MaxMemory)
	}
	return s, nil
}
