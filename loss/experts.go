package loss

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// Experts gives each expert of a network a loss of its own, of logits, and is their sum: RIDE (arXiv 2010.01809), SADE (arXiv
// 2107.09249). Of cross-entropy adjusted by another τ each (LogitAdjusted), they learn for the frequent classes, for all, and
// for the rare ones; their mean predicts. The network's backbone must be a backbone.Branched of as many branches.
type Experts struct {
	Each []Loss // of each expert, no two the same value if they prepare something
	// Mean divides the sum by the number of experts, as BalPoE does (arXiv 2306.05260).
	Mean bool
}

// Needs asks for the experts' logits.
func (l *Experts) Needs() Needs { return Needs{Experts: true} }

// Prepare prepares the losses. One that reads more than logits is an error.
func (l *Experts) Prepare(classCounts []int) error {
	if len(l.Each) == 0 {
		return errors.New("loss: experts: Each is empty: give each expert a loss")
	}
	for e, inner := range l.Each {
		if inner == nil {
			return fmt.Errorf("loss: experts: Each[%d] is nil", e)
		}
		if inner.Needs() != (Needs{Logits: true}) {
			return fmt.Errorf("loss: experts: Each[%d] is a %T, which reads other than logits: an expert has logits alone", e, inner)
		}
		if p, ok := inner.(Preparer); ok {
			if err := p.Prepare(classCounts); err != nil {
				return fmt.Errorf("loss: experts: Each[%d]: %w", e, err)
			}
		}
	}
	return nil
}

// Build builds the losses.
func (l *Experts) Build(t Target) error {
	for e, inner := range l.Each {
		if b, ok := inner.(Builder); ok {
			if err := b.Build(t); err != nil {
				return fmt.Errorf("loss: experts: Each[%d]: %w", e, err)
			}
		}
	}
	return nil
}

// Visit shows the state of the losses, by their places.
func (l *Experts) Visit(v nn.Visitor) {
	for e, inner := range l.Each {
		if m, ok := inner.(nn.Visitable); ok {
			v.Sub(strconv.Itoa(e), m)
		}
	}
}

// Losses returns the losses.
func (l *Experts) Losses() []Loss { return l.Each }

// Forward returns the loss. No rows give 0. Rows are counted once.
func (l *Experts) Forward(in Input) (total *autograd.Var, stats Stats) {
	const op = "loss.Experts"
	checkExperts(op, in, len(l.Each))
	for e, inner := range l.Each {
		own := in
		own.Logits, own.Experts = in.Experts[e], nil
		y, s := inner.Forward(own)
		if e == 0 {
			total, stats = y, s
		} else {
			total = autograd.Add(total, y)
		}
	}
	if l.Mean {
		total = autograd.Scale(total, 1/float64(len(l.Each)))
	}
	return total, stats
}

// checkExperts panics unless there are so many experts, and logits of each.
func checkExperts(op string, in Input, want int) {
	if len(in.Experts) != want || want == 0 {
		mustPrepare(op, fmt.Errorf("the input has the logits of %d experts, the loss is of %d: Needs must ask for them, and the network "+
			"have as many", len(in.Experts), want))
	}
	for _, x := range in.Experts {
		one := in
		one.Logits = x
		checkLogits(op, one)
	}
}
