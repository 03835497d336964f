package nn

import "github.com/longtail-ml/longtail/autograd"

// Recompute is a module that runs again in Backward, which so keeps its input in place of what it computes: see
// autograd.Recompute. Values, gradients and the names of its state are those of the module alone, and batch norm moves its
// running statistics once.
type Recompute struct{ Module }

// Forward runs the module.
func (r Recompute) Forward(x *autograd.Var) *autograd.Var {
	return autograd.Recompute(x, r.Module.Forward)
}
