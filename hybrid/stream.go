package hybrid

import (
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

// Stream is one flow of batches and the losses computed on it. Package train draws, computes and weighs them.
type Stream struct {
	Name    string              // in error messages
	Sampler sampler.Sampler     // draws the samples of an epoch
	Views   []augment.Transform // each sample is given once through each; none: one view of the image as it is
	Mixer   Mixer               // blends samples of a batch; nil: none
	Partner *Partner            // mixes each sample with another, its features or its image; nil: not
	// Teacher gives Input.Teacher to the losses that take it: logits of the rows that they see, by the weights that it has when
	// training begins, as in evaluation. It takes images or features of the same size and has the same classes; what else it is
	// does not matter. nil: no loss takes them.
	Teacher *Network
	Terms   []Term
}

// Term is a loss of a stream and its weight in the total.
type Term struct {
	Name   string // in reports; must be unique among all streams
	Loss   loss.Loss
	Weight schedule.Scheduler // nil: always 1
	Views  []int              // the views the loss sees, as indices into Stream.Views; nil: all
	// KeyViews are the views that a momentum encoder makes Input.Keys of, see train.Trainer.KeyDecay; required by losses that
	// take keys. A view that no term of the stream sees passes that encoder alone.
	KeyViews []int
	// Rho ρ takes the loss's gradient g not at the weights but at ρ·g/‖g‖ from them, where it is about the worst near by:
	// sharpness-aware minimization (SAM, arXiv 2010.01412), for which 0.05 is usual. 0: at the weights. The gradient of all
	// terms with a Rho leads up together, so they must have the same, and the batch passes the network once more; terms
	// without one beside them take a pass of their own. What reports tell of a loss is its value at the weights.
	Rho float64
}

// Transforms returns the stream's views, at least one.
func (s Stream) Transforms() []augment.Transform {
	if len(s.Views) == 0 {
		return []augment.Transform{augment.Identity{}}
	}
	return s.Views
}

// Needs joins what the terms read.
func (s Stream) Needs() (n loss.Needs) {
	for _, t := range s.Terms {
		n = n.With(t.Loss.Needs())
	}
	return n
}

// Seen lists the views that a term sees, which pass the network; others are there for keys alone.
func (s Stream) Seen() []int {
	return s.union(s.SeenBy)
}

// SeenBy lists the views that a term sees.
func (s Stream) SeenBy(t Term) []int {
	if t.Views != nil {
		return t.Views
	}
	all := make([]int, len(s.Transforms()))
	for v := range all {
		all[v] = v
	}
	return all
}

// Taught lists the views that the teacher sees.
func (s Stream) Taught() []int {
	return s.union(func(t Term) []int {
		if t.Loss == nil || !t.Loss.Needs().Teacher {
			return nil
		}
		return s.SeenBy(t)
	})
}

// Keyed lists the views that keys are made of.
func (s Stream) Keyed() []int { return s.union(func(t Term) []int { return t.KeyViews }) }

// Images is what a sample costs: how many images pass the backbone for it, those of its partner, of the momentum encoder and
// of the teacher among them.
func (s Stream) Images() int {
	images := len(s.Seen()) + len(s.Keyed()) + len(s.Taught())
	if s.MixesFeatures() {
		images *= 2
	}
	return images
}

// MixesFeatures says whether a Partner takes part behind the backbone.
func (s Stream) MixesFeatures() bool { return s.Partner != nil && s.Partner.Blender == nil }

func (s Stream) union(of func(Term) []int) (all []int) {
	for _, t := range s.Terms {
		all = append(all, of(t)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
