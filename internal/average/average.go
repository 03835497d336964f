// Package average has what follows the weights of a run from step to step: their moving average, the encoder of keys, which is
// one too, and what a step that cannot be finished puts back.
package average

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Average is the moving average of a run.
type Average struct {
	Decay   float64
	Warmup  bool // min(Decay, (1+t)/(10+t)) after step t
	Weights *autograd.Weights
	tensors []*tensor.Tensor // the network's
	Updates int
}

// New returns the average before the first step, which is the weights.
func New(decay float64, warmup bool, n *hybrid.Network) *Average {
	all := nn.Tensors(n)
	return &Average{Decay: decay, Warmup: warmup, Weights: autograd.Snapshot(all...), tensors: all}
}

// decay is that of the next update.
func (a *Average) decay() float64 {
	if t := float64(a.Updates + 1); a.Warmup {
		return min(a.Decay, (1+t)/(10+t))
	}
	return a.Decay
}

// Update moves the average towards the weights; a nil average stays nil.
func (a *Average) Update() {
	if a == nil {
		return
	}
	share := float32(1 - a.decay())
	a.Updates++
	for _, x := range a.tensors {
		from, to := x.Data(), a.Weights.Of(x).Data()
		for i, v := range from {
			to[i] += share * (v - to[i])
		}
	}
}
