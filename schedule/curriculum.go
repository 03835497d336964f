package schedule

import (
	"errors"
	"fmt"
)

// Curriculum is the weight α of the feature branch of a hybrid network (arXiv 2103.14267). The zero value is the
// paper's 1 − (T/Tmax)² with T the epoch.
//
// The paper does not say whether T starts at 0 or at 1. Here it starts at 0, so the first epoch has α = 1 and the last
// of 20 has 0.0975; OneBased gives the other reading. BBN (arXiv 1912.02413) writes (T−1)/Tmax with T from 1, which is
// the reading from 0.
type Curriculum struct {
	Curve    Curve // nil means ParabolicDecay
	ByStep   bool  // t = Progress.ByStep; false: t = Progress.ByEpoch
	OneBased bool  // t = (Epoch+1)/Epochs, so the last epoch has t = 1; not together with ByStep
}

// At returns α at p.
func (c Curriculum) At(p Progress) float64 {
	t := p.ByEpoch()
	switch {
	case c.ByStep:
		t = p.ByStep()
	case c.OneBased:
		t = p.fraction(1)
	}
	return c.curve()(t)
}

func (c Curriculum) curve() Curve {
	if c.Curve == nil {
		return ParabolicDecay
	}
	return c.Curve
}

// Validate reports OneBased together with ByStep, and a Curve that leaves [0, 1] at one of 0, 0.01, …, 1.
func (c Curriculum) Validate() error {
	if c.ByStep && c.OneBased {
		return errors.New("schedule: Curriculum has both ByStep and OneBased: OneBased counts whole epochs, clear one")
	}
	for i := range 101 {
		t := float64(i) / 100
		if a := c.curve()(t); !(a >= 0 && a <= 1) {
			return fmt.Errorf("schedule: Curriculum.Curve(%v) is %v: α must stay within [0, 1]", t, a)
		}
	}
	return nil
}
