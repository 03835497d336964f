package train

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// WarningKind says what a Warning is about.
type WarningKind int

const (
	// VanishedGradient: the loss of a term with a weight had a gradient of exactly 0 with respect to the network, for
	// Trainer.WarnAfter steps in a row. It trains nothing.
	VanishedGradient WarningKind = iota
	// NoAnchors: a contrastive loss skipped every row, for Trainer.WarnAfter steps in a row: no class was twice in a batch.
	NoAnchors
	// SkippedStep: a step was left out, see Trainer.SkipNonFinite.
	SkippedStep
	// DamagedCheckpoint: Checkpoints.Resume passed over a checkpoint that is not intact.
	DamagedCheckpoint
)

// Warning is something in a run that is likely a mistake.
type Warning struct {
	Kind  WarningKind
	At    schedule.Progress
	Term  string // of VanishedGradient and NoAnchors
	Steps int    // in a row; of SkippedStep, those of the run so far
	Err   error  // of SkippedStep a *NonFiniteError, of DamagedCheckpoint what is wrong with which file
}

// String says what happened and what to look at.
func (w Warning) String() string {
	at := fmt.Sprintf("epoch %d, step %d: ", w.At.Epoch, w.At.Step)
	switch w.Kind {
	case VanishedGradient:
		return at + fmt.Sprintf("term %q had no gradient in the last %d steps: it trains nothing; check its temperature and the "+
			"embeddings' lengths", w.Term, w.Steps)
	case NoAnchors:
		return at + fmt.Sprintf("term %q had no valid anchor in the last %d steps: give it a second view or larger batches",
			w.Term, w.Steps)
	case SkippedStep:
		return at + fmt.Sprintf("left out, %d in this run so far: %v", w.Steps, w.Err)
	}
	return fmt.Sprintf("a checkpoint is passed over: %v", w.Err)
}

// warn calls OnWarning, whose error ends the run after the step.
func (r *run) warn(w Warning) {
	if r.OnWarning == nil || r.warned != nil {
		return
	}
	if err := r.OnWarning(w); err != nil {
		r.warned = fmt.Errorf("OnWarning: %w", err)
	}
}

// watch follows one term: over the batches of a step, and over steps.
type watch struct {
	alive              bool // a gradient that is not zero came by, or none can
	vanished, unpaired int  // steps in a row
}

// input puts an operation on the inputs of a loss that looks at their gradients as they pass by. Only zeros before the
// first other value are read, so it costs next to nothing.
func (w *watch) input(in loss.Input) loss.Input {
	look := func(x *autograd.Var) *autograd.Var {
		if x == nil || !x.NeedsGrad() {
			return x
		}
		return autograd.OpPass("train.watch", x.Value(), []*autograd.Var{x}, 0, func(gy *tensor.Tensor, _ []*tensor.Tensor) {
			for i := 0; i < gy.Len() && !w.alive; i++ {
				w.alive = gy.Data()[i] != 0
			}
		})
	}
	in.Embedding, in.Logits = look(in.Embedding), look(in.Logits)
	if (in.Embedding == nil || !in.Embedding.NeedsGrad()) && (in.Logits == nil || !in.Logits.NeedsGrad()) {
		w.alive = true // a frozen network
	}
	return in
}

// checkWatches warns of terms that have been idle for long, once for each time.
func (r *run) checkWatches() {
	for i, l := range r.report.Losses {
		w := &r.watches[i]
		weighs, unpaired := l.Weight > 0, l.Anchors == 0 && l.Skipped > 0
		if count(&w.unpaired, weighs && unpaired) == r.WarnAfter {
			r.warn(Warning{Kind: NoAnchors, At: r.report.At, Term: l.Name, Steps: w.unpaired})
		}
		if count(&w.vanished, weighs && !unpaired && !w.alive) == r.WarnAfter {
			r.warn(Warning{Kind: VanishedGradient, At: r.report.At, Term: l.Name, Steps: w.vanished})
		}
	}
}

// count returns how many steps in a row have been idle.
func count(steps *int, idle bool) int {
	if *steps++; !idle {
		*steps = 0
	}
	return *steps
}
