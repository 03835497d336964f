package hybrid

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
)

// SetWeights makes the values of w, such as train.Best.Weights, the network's own. What w does not hold stays.
func (n *Network) SetWeights(w *autograd.Weights) {
	for _, x := range nn.Tensors(n) {
		if held := w.Of(x); held != nil {
			x.CopyFrom(held)
		}
	}
}

// With shows the state of the network with the values of w, such as train.Result.EMA, in place of its own: to save them with
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

// checkFinite names the first parameter or buffer with a value that is not finite.
func checkFinite(m nn.Visitable) error {
	for _, e := range nn.Entries(m) {
		if x := e.Tensor(); x != nil {
			if i := kernels.FirstNonFinite(x.Data()); i >= 0 {
				return fmt.Errorf("%s[%d] is %v", e.Path, i, x.Data()[i])
			}
		}
	}
	return nil
}
