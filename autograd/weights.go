package autograd

import (
	"sync"

	"github.com/longtail-ml/longtail/tensor"
)

// Weights holds values to compute with in place of those of parameters and buffers: a frozen copy for prediction, a
// moving average, a momentum encoder. A tape uses them through Mode.Weights; the module itself is shared and unchanged.
type Weights struct {
	of    map[*tensor.Tensor]*tensor.Tensor
	fixed bool
	kept  sync.Map // of what Tape.Kept made
}

// Fix promises that no value changes from now on, so that layers may keep what they make of them (see Tape.Kept).
func (w *Weights) Fix() { w.fixed = true }

// Snapshot returns weights with a copy of each tensor.
func Snapshot(tensors ...*tensor.Tensor) *Weights {
	w := &Weights{of: make(map[*tensor.Tensor]*tensor.Tensor, len(tensors))}
	for _, x := range tensors {
		w.of[x] = x.Clone()
	}
	return w
}

// Of returns the value held for x, or nil if there is none.
func (w *Weights) Of(x *tensor.Tensor) *tensor.Tensor {
	if w == nil {
		return nil
	}
	return w.of[x]
}

func (w *Weights) value(x *tensor.Tensor) *tensor.Tensor {
	if v := w.Of(x); v != nil {
		return v
	}
	return x
}
