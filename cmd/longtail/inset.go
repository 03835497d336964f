package main

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
)

// every is how far lines of progress are apart. Shorter runs have none.
const every = 30 * time.Second

// inset writes how a run goes below the line that it began.
type inset struct {
	record.Progress
	w       io.Writer
	from    time.Time // of the first line
	written bool
}

func newInset(w io.Writer) *inset {
	i := &inset{w: w, from: time.Now().Add(every)}
	i.Progress = record.Progress{W: i, Every: every}
	return i
}

// Epoch leaves the line about an epoch out.
func (i *inset) Epoch(record.Epoch) error { return nil }

// Write takes a line of progress. The last, which each run has, is left out where it is the only one.
func (i *inset) Write(line []byte) (int, error) {
	if time.Now().Before(i.from) {
		return len(line), nil
	}
	i.written = true
	_, err := fmt.Fprintf(i.w, "\n     %s", bytes.TrimSuffix(line, []byte("\n")))
	return len(line), err
}

// warn writes a warning below the line, however short the run.
func (i *inset) warn(w train.Warning) error {
	i.written = true
	_, err := fmt.Fprintf(i.w, "\n     warning: %s", w)
	return err
}

// end begins a line if there were some.
func (i *inset) end() {
	if i.written {
		fmt.Fprint(i.w, "\n     ")
	}
}
