package loss

import (
	"cmp"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// DRW is deferred re-weighting (arXiv 1906.07413): one loss first, and from a late epoch on another, which weighs the
// classes. The paper's LDAM-DRW is
//
//	&loss.DRW{Before: &loss.LDAM{}, After: &loss.LDAM{Reweight: true}}
//
// and with cross-entropy After is &loss.ClassBalanced{DivideByWeights: true}. The epoch is Input.At's.
type DRW struct {
	Before, After Loss
	// Start of After as a share of the epochs, in (0, 1]; 0 means 0.8, the paper's epoch 160 of 200.
	Start float64
}

// Needs asks for what either loss reads.
func (d *DRW) Needs() Needs {
	if d.Before == nil || d.After == nil { // Prepare says so
		return Needs{}
	}
	return d.Before.Needs().With(d.After.Needs())
}

// Prepare prepares both losses.
func (d *DRW) Prepare(classCounts []int) error {
	if d.Before == nil || d.After == nil {
		return fmt.Errorf("loss: DRW: Before and After must both be set, to the same loss without weights and with them")
	}
	if !(d.Start >= 0 && d.Start <= 1) {
		return fmt.Errorf("loss: DRW: Start %v must be in (0, 1], or 0 for 0.8", d.Start)
	}
	for name, l := range d.both {
		if p, ok := l.(Preparer); ok {
			if err := p.Prepare(classCounts); err != nil {
				return fmt.Errorf("loss: DRW: %s: %w", name, err)
			}
		}
	}
	return nil
}

// Build builds both losses.
func (d *DRW) Build(t Target) error {
	for name, l := range d.both {
		if b, ok := l.(Builder); ok {
			if err := b.Build(t); err != nil {
				return fmt.Errorf("loss: DRW: %s: %w", name, err)
			}
		}
	}
	return nil
}

// Visit shows the state of both losses.
func (d *DRW) Visit(v nn.Visitor) {
	for name, l := range d.both {
		if m, ok := l.(nn.Visitable); ok {
			v.Sub(name, m)
		}
	}
}

// both yields the losses by name, in order.
func (d *DRW) both(yield func(string, Loss) bool) {
	_ = yield("before", d.Before) && yield("after", d.After)
}

// Losses returns both losses.
func (d *DRW) Losses() []Loss { return []Loss{d.Before, d.After} }

// Forward returns the loss of the epoch. It panics with *tensor.Error without both losses.
func (d *DRW) Forward(in Input) (*autograd.Var, Stats) {
	if d.Before == nil || d.After == nil {
		mustPrepare("loss.DRW", d.Prepare(nil))
	}
	if in.At.ByEpoch() < cmp.Or(d.Start, 0.8)-1e-9 { // 0.8·5 is 4, though not in binary
		return d.Before.Forward(in)
	}
	return d.After.Forward(in)
}
