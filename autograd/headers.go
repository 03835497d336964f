package autograd

import "github.com/longtail-ml/longtail/tensor"

// headers are the tensors over the memory that a pool lends in a step, in that order. A step like the one before asks for the
// same again, and gets those.
type headers struct {
	all  []*tensor.Tensor // of this step, and behind them those of the step before that it did not come to
	made int              // of this step
}

// over returns a tensor over v.
func (h *headers) over(v []float32, shape []int) *tensor.Tensor {
	if h.made == len(h.all) {
		h.all = append(h.all, nil)
	}
	x := h.all[h.made]
	if x == nil || !x.Shape().Equal(shape) || len(v) > 0 && &x.Data()[0] != &v[0] {
		var err error
		if x, err = tensor.FromSlice(v, shape...); err != nil {
			panic(err)
		}
		h.all[h.made] = x
	}
	h.made++
	return x
}

// age ends a step.
func (h *headers) age() {
	clear(h.all[h.made:])
	h.all, h.made = h.all[:h.made], 0
}
