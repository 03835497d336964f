package average

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/tensor"
)

// Encoder is the momentum encoder of a run: the network with a moving average of its weights, on a tape of its own. As in
// MoCo (arXiv 1911.05722) batch norm uses the statistics of the batch of keys, unless they are frozen; it does not move the
// running ones.
type Encoder struct {
	*Average
	tape  *autograd.Tape
	chunk int // samples that pass at once; 0: all
}

// NewEncoder returns nil if no term takes keys. chunk is as in batch.Pass.
func NewEncoder(streams hybrid.Streams, decay float64, chunk int, n *hybrid.Network) *Encoder {
	for _, s := range streams {
		if len(s.Keyed()) > 0 {
			return &Encoder{New(decay, false, n), autograd.NewTape(autograd.Mode{}), chunk}
		}
	}
	return nil
}

// Reset begins a batch and ends the life of the keys of the one before. A nil encoder does nothing.
func (e *Encoder) Reset(m autograd.Mode) {
	if e == nil {
		return
	}
	m.NoGrad, m.Weights = true, e.Weights
	e.tape.Reset(m)
}

// Update moves the encoder towards the network's weights. A nil encoder does nothing.
func (e *Encoder) Update() {
	if e != nil {
		e.Average.Update()
	}
}

// Keys returns Input.Keys of each term of a stream, of the images of a batch; nil where the term takes none.
func (e *Encoder) Keys(n *hybrid.Network, p *batch.Rows, images *tensor.Tensor) []*tensor.Tensor {
	out := make([]*tensor.Tensor, len(p.Stream.Terms))
	if len(p.Keyed) == 0 {
		return out
	}
	z := n.Embed(batch.Pass(e.tape, p.Of(e.tape, images.Rows(p.Own()), p.Keyed), p.Samples, e.chunk, n.Features)).Value()
	for i, t := range p.Stream.Terms {
		if t.KeyViews != nil {
			out[i] = p.Of(e.tape, z, batch.Positions(p.Keyed, t.KeyViews))
		}
	}
	return out
}

// Renew gives the memory of keys up, and sets the chunk. A nil encoder does nothing.
func (e *Encoder) Renew(chunk int) {
	if e != nil {
		e.tape, e.chunk = autograd.NewTape(autograd.Mode{}), chunk
	}
}

// HeldBytes is what keys take; 0 of a nil encoder.
func (e *Encoder) HeldBytes() int64 {
	if e == nil {
		return 0
	}
	return e.tape.HeldBytes()
}
