package record

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Progress writes a plain line every so often, for logs and for terminals alike:
//
//	epoch 3/200  step 40/97  sc 5.1234 (weight 0.980)  ce 2.3026 (weight 0.020)  lr 0.5  412 images/s  ETA 3h12m
//
// W must be set. Images/s are those since the line before. The ETA takes the rest of the run to be as fast as what
// Progress has seen of it, evaluations included; a resumed run counts from where it goes on.
type Progress struct {
	W     io.Writer
	Every time.Duration    // between two lines; 0 means 10 seconds, less than 0 a line for each step
	Now   func() time.Time // nil means time.Now

	begun       bool
	began, last time.Time
	from        float64 // epochs done when it began
	images      int     // since the last line
}

// State is where a run is after a step.
type State struct {
	Epoch, Epochs int // from 0, and how many
	Step, Steps   int // of this epoch: from 0, and how many
	Losses        []Loss
	LearningRate  float64
	Images        int // that went through the network in this step
}

// Loss is one term of a step's loss.
type Loss struct {
	Name   string
	Value  float64 // before its weight
	Weight float64 // of a hybrid's contrastive term, the curriculum's α
}

// Step is called after each step. It writes a line if the last one is long enough ago, and after the last step of the run.
// The first call sets the clock. The error is W's.
func (p *Progress) Step(s State) error {
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	every := p.Every
	if every == 0 {
		every = 10 * time.Second
	}
	t := now()
	if !p.begun {
		p.begun, p.began, p.last, p.from = true, t, t, s.done()
	} else {
		p.images += s.Images
	}
	end := s.done() >= float64(s.Epochs)
	if t.Sub(p.last) < every && !end {
		return nil
	}
	_, err := fmt.Fprintln(p.W, p.line(s, t))
	p.last, p.images = t, 0
	if err != nil {
		return fmt.Errorf("record: writing progress: %w", err)
	}
	return nil
}

// done is the number of epochs, parts included.
func (s State) done() float64 { return float64(s.Epoch) + float64(s.Step+1)/float64(max(s.Steps, 1)) }

func (p *Progress) line(s State, t time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "epoch %d/%d  step %d/%d", s.Epoch+1, s.Epochs, s.Step+1, s.Steps)
	for _, l := range s.Losses {
		fmt.Fprintf(&b, "  %s %.4f (weight %.3f)", l.Name, l.Value, l.Weight)
	}
	fmt.Fprintf(&b, "  lr %.4g", s.LearningRate)
	if d := t.Sub(p.last).Seconds(); d > 0 {
		fmt.Fprintf(&b, "  %.0f images/s", float64(p.images)/d)
	}
	if seen := s.done() - p.from; seen > 0 {
		left := float64(t.Sub(p.began)) / seen * max(0, float64(s.Epochs)-s.done())
		fmt.Fprintf(&b, "  ETA %s", short(time.Duration(min(left, float64(1<<62)))))
	}
	return b.String()
}

// short is d in hours and minutes, or in minutes and seconds.
func short(d time.Duration) string {
	if d >= time.Hour {
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return d.Round(time.Second).String()
}
