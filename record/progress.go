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
// and one after each epoch. It is an Observer. W must be set; its errors are let pass, since a run does not end because nobody
// reads how it goes. Images/s are those since the line before. The ETA takes the rest of the run to be as fast as what
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

// Step is called after each step. It writes a line if the last one is long enough ago, and after the last step of the run.
// The first call sets the clock.
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
	fmt.Fprintln(p.W, p.line(s, t))
	p.last, p.images = t, 0
	return nil
}

// Epoch writes a line about an epoch:
//
//	epoch 3/200  lr 0.5  sc 5.1234 (weight 0.980, 7 anchors skipped)  ce 2.3026 (weight 0.020)  412 images/s  validation 45.20%
func (p *Progress) Epoch(e Epoch) error {
	line := fmt.Sprintf("epoch %d/%d  lr %.4g%s  %.0f images/s", e.Epoch+1, e.Epochs, e.LearningRate, losses(e.Losses), e.ImagesPerSecond)
	if e.Note != "" {
		line += "  " + e.Note
	}
	fmt.Fprintln(p.W, line)
	return nil
}

// Begin does nothing.
func (p *Progress) Begin(int, int) error { return nil }

// Flush does nothing.
func (p *Progress) Flush() error { return nil }

// End does nothing.
func (p *Progress) End() error { return nil }

// losses says what each loss is.
func losses(all []Loss) string {
	var b strings.Builder
	for _, l := range all {
		fmt.Fprintf(&b, "  %s %.4f (weight %.3f", l.Name, l.Value, l.Weight)
		if l.Skipped > 0 {
			fmt.Fprintf(&b, ", %d anchors skipped", l.Skipped)
		}
		b.WriteString(")")
	}
	return b.String()
}

// done is the number of epochs, parts included.
func (s State) done() float64 { return float64(s.Epoch) + float64(s.Step+1)/float64(max(s.Steps, 1)) }

func (p *Progress) line(s State, t time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "epoch %d/%d  step %d/%d", s.Epoch+1, s.Epochs, s.Step+1, s.Steps)
	b.WriteString(losses(s.Losses))
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
