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
	w        io.Writer
	from     time.Time // of the first line
	written  bool
	progress record.Progress
}

func newInset(w io.Writer) *inset {
	i := &inset{w: w, from: time.Now().Add(every)}
	i.progress = record.Progress{W: i, Every: every}
	return i
}

func (i *inset) step(s train.StepReport) {
	state := record.State{Epoch: s.At.Epoch, Epochs: s.At.Epochs, Step: s.At.Step, Steps: s.At.Steps, LearningRate: s.LearningRate, Images: s.Images}
	for _, l := range s.Losses {
		state.Losses = append(state.Losses, record.Loss{Name: l.Name, Value: l.Value, Weight: l.Weight})
	}
	_ = i.progress.Step(state) // a run does not end because nobody reads
}

// Write takes a line of progress. The last, which each run has, is left out where it is the only one.
func (i *inset) Write(line []byte) (int, error) {
	if time.Now().Before(i.from) {
		return len(line), nil
	}
	i.written = true
	_, err := fmt.Fprintf(i.w, "\n     %s", bytes.TrimSuffix(line, []byte("\n")))
	return len(line), err
}

// end begins a line if there were some.
func (i *inset) end() {
	if i.written {
		fmt.Fprint(i.w, "\n     ")
	}
}
