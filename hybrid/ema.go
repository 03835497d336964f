package hybrid

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// EMA sets up an exponential moving average of a network's weights, which often predicts better than the weights
// themselves. After each optimizer step, with decay d,
//
//	average = d·average + (1 − d)·weights
//
// starting from the weights before the first step. Batch norm's running statistics are averaged in the same way, so that
// they fit the average weights. Parameters of losses, which predict nothing, are not averaged.
type EMA struct {
	// Decay d is above 0 and below 1: 0.999 averages over about 1,000 steps. 0 means no average.
	Decay float64
	// Warmup takes min(Decay, (1+t)/(10+t)) after step t = 1, 2, …, so that the first weights are soon forgotten.
	Warmup bool
}

// average is the moving average of a run.
type average struct {
	EMA
	weights *autograd.Weights
	tensors []*tensor.Tensor // the network's
	updates int
}

func newAverage(s EMA, n *Network) *average {
	all := nn.Tensors(n)
	return &average{EMA: s, weights: autograd.Snapshot(all...), tensors: all}
}

// decay is that of the next update.
func (a *average) decay() float64 {
	if t := float64(a.updates + 1); a.Warmup {
		return min(a.Decay, (1+t)/(10+t))
	}
	return a.Decay
}

// update moves the average towards the weights; a nil average stays nil.
func (a *average) update() {
	if a == nil {
		return
	}
	share := float32(1 - a.decay())
	a.updates++
	for _, x := range a.tensors {
		from, to := x.Data(), a.weights.Of(x).Data()
		for i, v := range from {
			to[i] += share * (v - to[i])
		}
	}
}

// With shows the state of the network with the values of w, such as Result.EMA, in place of its own: to save them with
// safetensors.Save as a network's file, or to load such a file into w.
func (n *Network) With(w *autograd.Weights) nn.Visitable { return overlay{n, w} }

type overlay struct {
	of nn.Visitable
	w  *autograd.Weights
}

// Visit shows what the network shows. A tensor that w does not hold is the network's own.
func (o overlay) Visit(v nn.Visitor) {
	for _, e := range nn.Entries(o.of) {
		x := e.Tensor()
		if held := o.w.Of(x); held != nil {
			x = held
		}
		switch {
		case e.Param != nil:
			v.ParamAs(e.Path, &autograd.Param{Name: e.Param.Name, Value: x, Frozen: e.Param.Frozen}, e.Layout)
		case e.Buffer != nil:
			v.Buffer(e.Path, x)
		default:
			v.State(e.Path, e.State)
		}
	}
}
