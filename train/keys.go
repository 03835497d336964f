package train

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
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
func newEncoder(streams hybrid.Streams, decay float64, n *hybrid.Network) *encoder {
	for _, s := range streams {
		if len(s.Keyed()) > 0 {
			return &encoder{newAverage(EMA{Decay: decay}, n), autograd.NewTape(autograd.Mode{})}
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

// keys returns Input.Keys of each term of a stream, of the images of a batch; nil where the term takes none.
func (e *encoder) keys(n *hybrid.Network, p *rows, images *tensor.Tensor) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(p.stream.Terms))
	if len(p.keyed) == 0 {
		return out
	}
	z := n.Embed(n.Features(e.tape.Const(p.of(e.tape, images.Rows(p.own()), p.keyed)))).Value()
	for i, t := range p.stream.Terms {
		if t.KeyViews != nil {
			out[i] = p.of(e.tape, z, positions(p.keyed, t.KeyViews))
		}
	}
	return out
}
