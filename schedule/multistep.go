package schedule

import "fmt"

// MultiStep starts at Base and is multiplied by Gamma at each milestone: an epoch e has
// Base·Gamma^(number of milestones ≤ e), as PyTorch's MultiStepLR. The CIFAR recipe of arXiv 2103.14267 is
// MultiStep{Base: 0.5, Milestones: []int{120, 160}}.
type MultiStep struct {
	Base       float64
	Milestones []int   // epochs counted from 0, ascending; none: the value stays at Base
	Gamma      float64 // 0 means 0.1
}

// At returns the value of the epoch.
func (m MultiStep) At(p Progress) float64 {
	gamma := m.Gamma
	if gamma == 0 {
		gamma = 0.1
	}
	v := m.Base
	for _, epoch := range m.Milestones {
		if p.Epoch >= epoch {
			v *= gamma
		}
	}
	return v
}

// Validate reports a Base or Gamma that is not finite, a negative Gamma, and milestones that are negative or not
// ascending.
func (m MultiStep) Validate() error {
	if err := finite("MultiStep.Base", m.Base); err != nil {
		return err
	}
	if err := finite("MultiStep.Gamma", m.Gamma); err != nil {
		return err
	}
	if m.Gamma < 0 {
		return fmt.Errorf("schedule: MultiStep.Gamma is %v: choose a positive factor, or 0 for 0.1", m.Gamma)
	}
	for i, epoch := range m.Milestones {
		if epoch < 0 {
			return fmt.Errorf("schedule: MultiStep.Milestones[%d] is %d: epochs count from 0", i, epoch)
		}
		if i > 0 && epoch <= m.Milestones[i-1] {
			return fmt.Errorf("schedule: MultiStep.Milestones[%d] is %d, after %d: list each epoch once, in ascending order",
				i, epoch, m.Milestones[i-1])
		}
	}
	return nil
}

// Milestones returns the epochs at the given fractions of a run, rounded down, for MultiStep: the paper's are
// Milestones(200, 0.6, 0.8). In a run so short that they fall together or on epoch 0, those are left out.
func Milestones(epochs int, fractions ...float64) []int {
	out := []int{}
	for _, f := range fractions {
		m := int(f*float64(epochs) + 1e-9) // 0.6·5 is 3, though not in binary
		if m > 0 && (len(out) == 0 || m > out[len(out)-1]) {
			out = append(out, m)
		}
	}
	return out
}
