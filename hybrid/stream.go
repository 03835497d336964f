package hybrid

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
)

// Stream is one flow of batches and the losses computed on it.
type Stream struct {
	Name    string              // in error messages
	Sampler sampler.Sampler     // draws the samples of an epoch
	Views   []augment.Transform // each sample is given once through each; none: one view of the image as it is
	Mixer   Mixer               // blends samples of a batch; nil: none
	Partner *Partner            // mixes each sample's features with those of another; nil: not
	Terms   []Term
}

// Term is a loss of a stream and its weight in the total.
type Term struct {
	Name   string // in reports; must be unique in the trainer
	Loss   loss.Loss
	Weight schedule.Scheduler // nil: always 1
	Views  []int              // the views the loss sees, as indices into Stream.Views; nil: all
	// KeyViews are the views that a momentum encoder makes Input.Keys of, see Trainer.KeyDecay; required by losses that
	// take keys. A view that no term of the stream sees passes that encoder alone.
	KeyViews []int
}

// Mixer blends the samples of a batch, as mixup (arXiv 1710.09412) and CutMix do: Mixing makes one of package augment's.
// One that has a method Validate() error is asked before training.
type Mixer interface {
	// Mix changes normalised images [R, H, W, C] in place and returns the second labels and the weights of the first, a
	// pair for each row. Rows are view-major as in loss.Input. It must depend on nothing but its arguments: batches are
	// made on several goroutines at once, and so are the views.
	Mix(images *tensor.Tensor, labels []int, views int, rng *rand.Rand) *loss.Mix
}

// views returns the stream's transforms, at least one.
func (s Stream) views() []augment.Transform {
	if len(s.Views) == 0 {
		return []augment.Transform{augment.Identity{}}
	}
	return s.Views
}

// needs joins what the terms read.
func (s Stream) needs() (n loss.Needs) {
	for _, t := range s.Terms {
		m := t.Loss.Needs()
		n.Embedding, n.Logits = n.Embedding || m.Embedding, n.Logits || m.Logits
	}
	return n
}

func (t Term) weight(p schedule.Progress) float64 {
	if t.Weight == nil {
		return 1
	}
	return t.Weight.At(p)
}

// checkStreams prepares the losses and says what is wrong with the settings.
func checkStreams(streams []Stream, n *Network, classCounts []int, epochs int) error {
	if len(streams) == 0 {
		return fmt.Errorf("hybrid: no streams: set Trainer.Streams, for example to hybrid.CE()")
	}
	names := map[string]bool{}
	for i, s := range streams {
		where := fmt.Sprintf("hybrid: stream %d", i)
		if s.Name != "" {
			where += " (" + s.Name + ")"
		}
		if s.Sampler == nil {
			return fmt.Errorf("%s: Sampler is nil: use sampler.Instance{} for every image once", where)
		}
		if len(s.Terms) == 0 {
			return fmt.Errorf("%s: no Terms: a stream without a loss trains nothing", where)
		}
		for v, view := range s.Views {
			if err := augment.Validate(view); err != nil {
				return fmt.Errorf("%s: view %d: %w", where, v, err)
			}
		}
		if v, ok := s.Mixer.(validator); ok {
			if err := v.Validate(); err != nil {
				return fmt.Errorf("%s: mixer: %w", where, err)
			}
		}
		if err := s.checkPartner(n, epochs); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		for _, t := range s.Terms {
			if err := t.check(len(s.views()), n, classCounts); err != nil {
				return fmt.Errorf("%s: term %q: %w", where, t.Name, err)
			}
			if names[t.Name] {
				return fmt.Errorf("%s: two terms are named %q: reports could not tell them apart", where, t.Name)
			}
			names[t.Name] = true
		}
	}
	return nil
}

func (t Term) check(views int, n *Network, classCounts []int) error {
	if t.Loss == nil {
		return fmt.Errorf("Loss is nil")
	}
	if t.Weight != nil {
		if err := schedule.Validate(t.Weight); err != nil {
			return fmt.Errorf("weight: %w", err)
		}
	}
	if t.Views != nil && len(t.Views) == 0 {
		return fmt.Errorf("Views is empty: list the views the loss sees, or use nil for all")
	}
	if err := checkViews(t.Views, views); err != nil {
		return err
	}
	if err := t.checkKeys(views); err != nil {
		return err
	}
	if needs := t.Loss.Needs(); (needs.Embedding || needs.Keys) && n.Projection == nil {
		return fmt.Errorf("the loss needs embeddings, the network was made without a projection head")
	}
	if p, ok := t.Loss.(loss.Preparer); ok {
		return p.Prepare(classCounts)
	}
	return nil
}

// trainable is the network with the losses that have state of their own.
type trainable struct {
	network *Network
	streams []Stream
}

// Visit shows the network's state as it is in the network, and a term's under "losses" and its name.
func (t trainable) Visit(v nn.Visitor) {
	t.network.Visit(v)
	for _, s := range t.streams {
		for _, term := range s.Terms {
			if m, ok := term.Loss.(nn.Visitable); ok {
				v.Sub("losses."+term.Name, m)
			}
		}
	}
}
