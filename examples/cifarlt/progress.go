package main

import (
	"fmt"
	"io"
	"os"

	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how a run goes: a bar within each epoch on a terminal, otherwise a line every ten seconds; and a line after
// each epoch everywhere.
type progress struct {
	log      io.Writer
	epochs   int
	judge    string // what epochs are evaluated on
	terminal bool
	bar      *progressbar.ProgressBar
	lines    record.Progress
}

func newProgress(log io.Writer, s settings) *progress {
	f, ok := log.(*os.File)
	return &progress{log: log, epochs: s.Epochs, judge: s.judge(), terminal: ok && term.IsTerminal(int(f.Fd())), lines: record.Progress{W: log}}
}

func (p *progress) step(s train.StepReport) {
	if !p.terminal {
		state := record.State{Epoch: s.At.Epoch, Epochs: s.At.Epochs, Step: s.At.Step, Steps: s.At.Steps, LearningRate: s.LearningRate, Images: s.Images}
		for _, l := range s.Losses {
			state.Losses = append(state.Losses, record.Loss{Name: l.Name, Value: l.Value, Weight: l.Weight})
		}
		_ = p.lines.Step(state) // a run does not end because nobody reads
		return
	}
	if p.bar == nil || s.At.Step == 0 {
		p.bar = progressbar.NewOptions(s.At.Steps, progressbar.OptionSetWriter(p.log), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	p.bar.Describe(fmt.Sprintf("epoch %d/%d, loss %.3f, %.0f images/s", s.At.Epoch+1, s.At.Epochs, s.Total, s.ImagesPerSecond))
	_ = p.bar.Add(1)
}

func (p *progress) epoch(e train.EpochReport) {
	p.stop()
	line := fmt.Sprintf("epoch %d/%d  lr %.4g ", e.Epoch+1, p.epochs, e.LearningRate)
	for _, l := range e.Losses {
		line += fmt.Sprintf("  %s %.4f (weight %.3f", l.Name, l.Value, l.Weight)
		if l.Skipped > 0 {
			line += fmt.Sprintf(", %d anchors skipped", l.Skipped)
		}
		line += ")"
	}
	line += fmt.Sprintf("  %.0f images/s", e.ImagesPerSecond)
	if e.Test != nil {
		line += fmt.Sprintf("  %s %s%%", p.judge, e.Test.Top1)
	}
	if e.EMA != nil {
		line += fmt.Sprintf("  average weights %s%%", e.EMA.Top1)
	}
	fmt.Fprintln(p.log, line)
}

// stop takes the bar away.
func (p *progress) stop() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
