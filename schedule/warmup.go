package schedule

import "fmt"

// Warmup raises another schedule linearly from near zero during the first epochs (arXiv 1706.02677): while
// Epoch < Epochs the value is Then's, times the share of warm-up steps done with this one,
//
//	(Epoch·Steps + Step + 1) / (Epochs·Steps)
//
// so the first step is above zero and the last step of the warm-up has Then's full value. With Steps 0 it advances by
// epoch, (Epoch + 1)/Epochs, the form of the LDAM code. Then sees the progress of the whole run: its milestones count
// from the start of training, not from the end of the warm-up.
type Warmup struct {
	Epochs int // 0 means no warm-up
	Then   Scheduler
}

// At returns the value at p.
func (w Warmup) At(p Progress) float64 {
	v := w.Then.At(p)
	if p.Epoch >= w.Epochs {
		return v
	}
	done := float64(p.Epoch) + 1
	if p.Steps > 0 {
		done = float64(p.Epoch) + p.withinEpoch(1)
	}
	return v * done / float64(w.Epochs)
}

// Validate reports a negative Epochs, a nil Then, and whatever Then reports.
func (w Warmup) Validate() error {
	if w.Epochs < 0 {
		return fmt.Errorf("schedule: Warmup.Epochs is %d: choose 0 for no warm-up, or more", w.Epochs)
	}
	return within("Warmup.Then", w.Then)
}
