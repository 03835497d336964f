package main

import (
	"fmt"
	"io"
	"time"

	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/longtail-ml/longtail/record"
	"github.com/schollz/progressbar/v3"
)

// paced returns what writes how far something is, every half a minute. What takes less is not told of.
func paced(w io.Writer) func(what string, done, of int) {
	next, last := time.Now().Add(every), 0
	return func(what string, done, of int) {
		if done <= last { // another begins
			next = time.Now().Add(every)
		}
		if last = done; time.Now().After(next) {
			next = time.Now().Add(every)
			fmt.Fprintf(w, "%s: %d of %d\n", what, done, of)
		}
	}
}

// progress shows how a run goes: a bar within each epoch on a terminal, otherwise a line every ten seconds; and a line after
// each epoch everywhere, on a terminal with small plots of the last ones.
type progress struct {
	record.Progress
	terminal bool
	bar      *progressbar.ProgressBar
	trends   *trends // drawn after each epoch; nil: not
}

func newProgress(log *terminal.Stream) *progress {
	p := &progress{Progress: record.Progress{W: log}, terminal: log.IsTerminal()}
	if canPlot(log) {
		p.trends = &trends{painter: newPainter(log), columns: log.Columns()}
	}
	return p
}

// Step moves the bar on.
func (p *progress) Step(s record.State) error {
	if !p.terminal {
		return p.Progress.Step(s)
	}
	if p.bar == nil || s.Step == 0 {
		p.bar = progressbar.NewOptions(s.Steps, progressbar.OptionSetWriter(p.W), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	p.bar.Describe(fmt.Sprintf("epoch %d/%d, loss %.3f, %.0f images/s", s.Epoch+1, s.Epochs, s.Loss, s.ImagesPerSecond))
	_ = p.bar.Add(1)
	return nil
}

// Epoch takes the bar away and writes a line.
func (p *progress) Epoch(e record.Epoch) error {
	_ = p.End()
	err := p.Progress.Epoch(e)
	if p.trends != nil {
		p.trends.add(e)
		for _, line := range p.trends.lines() {
			fmt.Fprintln(p.W, line)
		}
	}
	return err
}

// End takes the bar away.
func (p *progress) End() error {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	return nil
}
