// Package nn has the layers networks are built from.
//
// A layer is a struct of parameters and settings: Forward puts its operation on the tape of its input, Visit shows its
// parameters and buffers by name. Layers hold nothing of a step: whether batch norm uses the batch's statistics, what
// randomness is drawn, and the memory of results belong to the tape. Two goroutines may run one layer on two tapes. What
// training leaves as it is, a setting of parameters and layers, is chosen by Freeze and its kin.
//
// First weights follow from the Seed of a layer's settings. Layers of one shape and seed begin alike, so the layers of one
// module share a generator, in the field Rand: rand.New(rand.NewPCG(seed, 0)).
//
// Images are [N, H, W, C]; convolution weights are [KH, KW, I, O] in memory. Shapes that do not fit panic with
// *tensor.Error, which names the operation, the shapes and the parameter; so do sizes that no layer can have, and what is
// built of layers in other packages returns them as errors (tensor.Try).
package nn

import (
	"strconv"

	"github.com/longtail-ml/longtail/autograd"
)

// Module is a layer or a network of them.
type Module interface {
	Visitable
	Forward(x *autograd.Var) *autograd.Var
}

// Sequential runs modules in order. Their state is named "0", "1", ….
type Sequential []Module

// Forward runs the modules in order.
func (s Sequential) Forward(x *autograd.Var) *autograd.Var {
	for _, m := range s {
		x = m.Forward(x)
	}
	return x
}

// Visit shows the state of each module under its index.
func (s Sequential) Visit(v Visitor) {
	for i, m := range s {
		v.Sub(strconv.Itoa(i), m)
	}
}

// Func is a module without state, such as Func(ReLU).
type Func func(x *autograd.Var) *autograd.Var

// Forward calls f.
func (f Func) Forward(x *autograd.Var) *autograd.Var { return f(x) }

// Visit shows nothing.
func (f Func) Visit(Visitor) {}
