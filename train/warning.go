package train

import (
	"fmt"
	"slices"
	"strings"

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
	// NoCheckpoint: a run that was begun has no checkpoint to go on from, and begins anew. Package experiment warns of it.
	NoCheckpoint
	// AtChance: for Trainer.WarnAfter steps, or 50 if that is more, a loss stayed where it is when all embeddings and logits
	// are zero. Only a term with a tenth of the weights or more is judged.
	AtChance
	// Jumped: the loss of such a term is ten times its average of the last steps, and twice what it ever was.
	Jumped
	// HighRate: the learning rate of SGD goes above four times that of the recipe of arXiv 2103.14267, which is 0.5 at
	// momentum 0.9 for 512 samples in a step, and gradients are not clipped.
	HighRate
	// MergedPrototypes: after the first quarter of the epochs the prototypes that a loss learns for a fifth of the classes or more point where another class's do.
	MergedPrototypes
)

// Warning is something in a run that is likely a mistake.
type Warning struct {
	Kind  WarningKind
	At    schedule.Progress
	Term  string // of VanishedGradient, NoAnchors, AtChance, Jumped and MergedPrototypes
	Steps int    // in a row; of SkippedStep, those of the run so far
	Err   error  // of SkippedStep a *NonFiniteError, of DamagedCheckpoint what is wrong with which file, of NoCheckpoint where there is none
	// Value is the mean loss over the later half of the steps (AtChance), the loss (Jumped), or the highest learning rate
	// (HighRate); Expected is what chance gives, the loss before, or the rate of the recipe.
	Value, Expected float64
	Classes         []int // of MergedPrototypes
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
	case AtChance:
		return at + fmt.Sprintf("term %q has stayed at %.3g for %d steps, and chance gives %.3g: it has learned nothing yet; try another learning "+
			"rate or temperature, and see whether all embeddings are alike", w.Term, w.Value, w.Steps, w.Expected)
	case Jumped:
		return at + fmt.Sprintf("term %q rose to %.3g from about %.2g: lower the learning rate, warm it up, or clip gradients",
			w.Term, w.Value, w.Expected)
	case HighRate:
		return at + fmt.Sprintf("the learning rate goes up to %.3g, the recipe of arXiv 2103.14267 has %.2g for batches of this size: lower "+
			"it, or clip gradients", w.Value, w.Expected)
	case MergedPrototypes:
		return at + fmt.Sprintf("term %q has learned prototypes of %d classes (%s) that point where another's does, with a cosine above %g: its "+
			"embeddings hardly tell these classes apart; keep the own class in the denominator at a temperature of 0.1, or fix the prototypes", w.Term, len(w.Classes),
			some(w.Classes), loss.MergedCosine)
	case NoCheckpoint:
		return fmt.Sprintf("the run begins anew: %v", w.Err)
	case SkippedStep:
		return at + fmt.Sprintf("left out, %d in this run so far: %v", w.Steps, w.Err)
	}
	return fmt.Sprintf("a checkpoint is passed over: %v", w.Err)
}

// some lists the first few of the numbers.
func some(all []int) string {
	const most = 10
	text := strings.Trim(fmt.Sprint(all[:min(most, len(all))]), "[]")
	if len(all) > most {
		text += " …"
	}
	return strings.ReplaceAll(text, " ", ", ")
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
	frozen             bool // none can
	vanished, unpaired int  // steps in a row
	blank              *autograd.Tape
	merged             bool    // warned of
	chance             float64 // sum over the batches of a step
	stall              stall
	jump               jump
}

// begin clears what is of one step.
func (w *watch) begin() { w.alive, w.frozen, w.chance = false, false, 0 }

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
	in.Experts = each(in.Experts, look)
	learns := func(x *autograd.Var) bool { return x != nil && x.NeedsGrad() }
	if !learns(in.Embedding) && !learns(in.Logits) && !slices.ContainsFunc(in.Experts, learns) {
		w.alive, w.frozen = true, true // a frozen network
	}
	return in
}

// addChance asks a loss for its chance in a batch.
func (w *watch) addChance(l loss.Loss, in loss.Input, m autograd.Mode) {
	if w.blank == nil {
		w.blank = autograd.NewTape(autograd.Mode{})
	}
	w.blank.Reset(autograd.Mode{NoGrad: true, BLAS: m.BLAS})
	w.chance += chance(w.blank, l, in)
}

// checkWatches warns of terms that have been idle for long, or whose loss is out of hand, once for each time.
func (r *run) checkWatches() {
	weights := 0.0
	for _, l := range r.report.Losses {
		weights += l.Weight
	}
	for i, l := range r.report.Losses {
		w := &r.watches[i]
		weighs, unpaired := l.Weight > 0, l.Anchors == 0 && l.Skipped > 0
		if count(&w.unpaired, weighs && unpaired) == r.WarnAfter {
			r.warn(Warning{Kind: NoAnchors, At: r.report.At, Term: l.Name, Steps: w.unpaired})
		}
		if count(&w.vanished, weighs && !unpaired && !w.alive) == r.WarnAfter {
			r.warn(Warning{Kind: VanishedGradient, At: r.report.At, Term: l.Name, Steps: w.vanished})
		}
		if r.OnWarning != nil {
			r.checkLoss(w, l, weighs && l.Weight >= weights/10 && !unpaired)
		}
	}
}

// checkLoss warns of a loss that counts and stays at its chance, or multiplies.
func (r *run) checkLoss(w *watch, l LossReport, counts bool) {
	if !counts {
		w.stall.pause()
		return
	}
	chance, stretch := w.chance/float64(r.Accumulate), max(r.WarnAfter, minStall)
	if jumped, from := w.jump.add(l.Value, chance, stretch); jumped {
		r.warn(Warning{Kind: Jumped, At: r.report.At, Term: l.Name, Value: l.Value, Expected: from})
	}
	if w.frozen || w.vanished > 0 {
		w.stall.pause()
	} else if stays, mean, expected := w.stall.add(l.Value, chance, stretch); stays {
		r.warn(Warning{Kind: AtChance, At: r.report.At, Term: l.Name, Steps: stretch, Value: mean, Expected: expected})
	}
}

// count returns how many steps in a row have been idle.
func count(steps *int, idle bool) int {
	if *steps++; !idle {
		*steps = 0
	}
	return *steps
}
