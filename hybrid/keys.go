package hybrid

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// encoder is the momentum encoder of a run: the network with a moving average of its weights, on a tape of its own. As in
// MoCo (arXiv 1911.05722) batch norm uses the statistics of the batch of keys, unless they are frozen; it does not move the
// running ones.
type encoder struct {
	*average
	tape *autograd.Tape
}

// newEncoder returns nil if no term takes keys.
func newEncoder(t Trainer, n *Network) *encoder {
	for _, s := range t.Streams {
		if len(s.keyViews()) > 0 {
			return &encoder{newAverage(EMA{Decay: t.KeyDecay}, n), autograd.NewTape(autograd.Mode{})}
		}
	}
	return nil
}

// reset begins a batch and ends the life of the keys of the one before. A nil encoder does nothing.
func (e *encoder) reset(m autograd.Mode) {
	if e == nil {
		return
	}
	m.NoGrad, m.Weights = true, e.weights
	e.tape.Reset(m)
}

// update moves the encoder towards the network's weights. A nil encoder does nothing.
func (e *encoder) update() {
	if e != nil {
		e.average.update()
	}
}

// keys returns Input.Keys of each term of a stream whose images are given; nil where the term takes none.
func (e *encoder) keys(n *Network, s Stream, images *tensor.Tensor, views int) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(s.Terms))
	wanted := s.keyViews()
	if len(wanted) == 0 {
		return out
	}
	samples := images.Dim(0) / views
	z := n.Embed(n.Features(e.tape.Const(gather(e.tape, images, samples, wanted)))).Value()
	for i, t := range s.Terms {
		if t.KeyViews != nil {
			out[i] = gather(e.tape, z, samples, positions(wanted, t.KeyViews))
		}
	}
	return out
}

// seen lists the views that a term sees, which pass the network; others are there for keys alone.
func (s Stream) seen() []int {
	return s.union(func(t Term) []int {
		if t.Views != nil {
			return t.Views
		}
		all := make([]int, len(s.views()))
		for v := range all {
			all[v] = v
		}
		return all
	})
}

// keyViews lists the views that keys are made of.
func (s Stream) keyViews() []int { return s.union(func(t Term) []int { return t.KeyViews }) }

func (s Stream) union(of func(Term) []int) (all []int) {
	for _, t := range s.Terms {
		all = append(all, of(t)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// positions returns where views are in list; nil of nil.
func positions(list, views []int) (at []int) {
	for _, v := range views {
		at = append(at, slices.Index(list, v))
	}
	return at
}

// gather returns the rows of the given views of x, of so many samples a view: x's own memory where they lie together.
func gather(t *autograd.Tape, x *tensor.Tensor, samples int, views []int) *tensor.Tensor {
	first, together := views[0], true
	for i, v := range views {
		together = together && v == first+i
	}
	if together {
		return x.Rows(first*samples, (first+len(views))*samples)
	}
	y := t.Scratch(append([]int{len(views) * samples}, x.Shape()[1:]...)...)
	for i, v := range views {
		copy(y.Rows(i*samples, (i+1)*samples).Data(), x.Rows(v*samples, (v+1)*samples).Data())
	}
	return y
}

// checkKeys reports a loss that takes keys without views to make them of, and the reverse.
func (t Term) checkKeys(views int) error {
	keys := t.Loss.Needs().Keys
	switch {
	case keys && len(t.KeyViews) == 0:
		return fmt.Errorf("the loss needs keys, embeddings by a momentum encoder: set KeyViews to the views they are made of, " +
			"or a field of the loss such as WithoutMomentum to do without")
	case !keys && t.KeyViews != nil:
		return fmt.Errorf("KeyViews is set, but the loss takes no keys: leave it nil")
	}
	return checkViews(t.KeyViews, views)
}

func checkViews(list []int, views int) error {
	for _, v := range list {
		if v < 0 || v >= views {
			return fmt.Errorf("view %d is not one of the stream's %d", v, views)
		}
	}
	return nil
}
