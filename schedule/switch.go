package schedule

import "fmt"

// Switch follows Before in the epochs below Epoch and Then from there on. Both see the progress of the whole run.
// Deferred re-weighting (arXiv 1906.07413) is one Switch for each of two losses, from 1 to 0 and from 0 to 1.
type Switch struct {
	Epoch        int // the first epoch of Then, counted from 0
	Before, Then Scheduler
}

// At returns the value at p of the schedule in force.
func (s Switch) At(p Progress) float64 {
	if p.Epoch < s.Epoch {
		return s.Before.At(p)
	}
	return s.Then.At(p)
}

// Validate reports a negative Epoch, a nil Before or Then, and whatever these report.
func (s Switch) Validate() error {
	if s.Epoch < 0 {
		return fmt.Errorf("schedule: Switch.Epoch is %d: epochs count from 0", s.Epoch)
	}
	if err := within("Switch.Before", s.Before); err != nil {
		return err
	}
	return within("Switch.Then", s.Then)
}
