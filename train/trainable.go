package train

import (
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
)

// trainable is the network with the losses that have state of their own.
type trainable struct {
	network *hybrid.Network
	streams hybrid.Streams
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
