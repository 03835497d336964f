package schedule

import (
	"fmt"
	"math"
)

// Cosine falls from Base to Min along half a cosine, Min + (Base−Min)·(1 + cos πt)/2 (arXiv 1608.03983, without
// restarts), with t the progress by epoch, as PyTorch's CosineAnnealingLR.
type Cosine struct {
	Base, Min float64
	ByStep    bool // t advances with each step; false: with each epoch
}

// At returns the value at p.
func (c Cosine) At(p Progress) float64 {
	t := p.ByEpoch()
	if c.ByStep {
		t = p.ByStep()
	}
	return c.Min + (c.Base-c.Min)*(1+math.Cos(math.Pi*t))/2
}

// Validate reports a Base or Min that is not finite and a Min above Base.
func (c Cosine) Validate() error {
	if err := finite("Cosine.Base", c.Base); err != nil {
		return err
	}
	if err := finite("Cosine.Min", c.Min); err != nil {
		return err
	}
	if c.Min > c.Base {
		return fmt.Errorf("schedule: Cosine.Min is %v, above Base %v: exchange them or lower Min", c.Min, c.Base)
	}
	return nil
}
