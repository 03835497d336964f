package autograd

import (
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Op puts the result of an operation on the tape of its inputs: out was computed from the values of in, and back adds
// the gradient of each input given the gradient gy of out. gx[i] is nil where in[i] needs no gradient, else a tensor of
// in[i]'s shape to add into. back may use gy as scratch memory. It runs at most once, before the tape is reset.
//
// Op panics with *tensor.Error if there is no input, or the inputs are of several tapes or of an earlier step.
func Op(name string, out *tensor.Tensor, in []*Var, back func(gy *tensor.Tensor, gx []*tensor.Tensor)) *Var {
	return OpPass(name, out, in, -1, back)
}

// OpPass is Op for an operation whose gradient with respect to in[pass] is gy itself, as back leaves it: a sum, a
// reshape, a shortcut. The memory of gy is handed on instead of copied; gx[pass] is nil.
func OpPass(name string, out *tensor.Tensor, in []*Var, pass int, back func(gy *tensor.Tensor, gx []*tensor.Tensor)) *Var {
	return OpInto(name, out, in, pass, -1, func(gy *tensor.Tensor, gx []*tensor.Tensor, _ bool) { back(gy, gx) })
}

// OpInto is OpPass for an operation that can write the gradient of in[into] as well as add to it: where nothing has been
// added yet, add is false and gx[into] has undefined contents, which back must write as a whole. That saves setting it to
// zero first and reading it again. A negative into is none.
func OpInto(name string, out *tensor.Tensor, in []*Var, pass, into int, back func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool)) *Var {
	return record(name, &Var{value: out, shape: out.Shape()}, in, pass, into, back)
}

// OpAway is OpInto for a result that is dropped from the start (see Var.Drop): write computes it when it is wanted. On a
// tape without gradients, or where no input needs one, there is nothing to compute it of later: use OpInto.
func OpAway(name string, shape tensor.Shape, write func(y *tensor.Tensor), source any, in []*Var, pass, into int,
	back func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool)) *Var {
	y := record(name, &Var{shape: shape, dropped: true}, in, pass, into, back)
	y.Renewable(write, source)
	return y
}

// record puts y, the result of an operation, on the tape of its inputs.
func record(name string, y *Var, in []*Var, pass, into int, back func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool)) *Var {
	if len(in) == 0 {
		panic(&tensor.Error{Op: name, Detail: "an operation needs an input to know its tape; use Tape.Const"})
	}
	t := in[0].tape
	y.tape, y.step = t, t.step
	for _, v := range in {
		v.check(name)
		if v.tape != t {
			panic(&tensor.Error{Op: name, Shapes: []tensor.Shape{in[0].shape, v.shape},
				Detail: "the inputs are on different tapes"})
		}
		y.needs = y.needs || v.needs
	}
	if t.mode.Trace {
		t.trace = append(t.trace, Traced{Name: name, In: in, Out: y})
	}
	if y.needs = y.needs && !t.mode.NoGrad; y.needs {
		t.nodes = append(t.nodes, node{out: y, in: in, pass: pass, into: into, back: back})
	}
	return y
}

// Backward adds to Param.Grad of every parameter y depends on the gradient of sum(y·gy). gy nil means 1: y must then be
// a single value, a loss. A given gy of y's shape continues a gradient computed elsewhere (gradient caching).
// A tape can be run backward once; what the operations saved is used up.
func (t *Tape) Backward(y *Var, gy *tensor.Tensor) {
	y.check("Tape.Backward")
	switch {
	case y.tape != t:
		panic(&tensor.Error{Op: "Tape.Backward", Shapes: []tensor.Shape{y.shape}, Detail: "the value is on another tape"})
	case t.spent:
		panic(&tensor.Error{Op: "Tape.Backward", Detail: "has already run on this step: Reset first, and sum losses into one"})
	case gy == nil && y.shape.Len() != 1:
		panic(&tensor.Error{Op: "Tape.Backward", Shapes: []tensor.Shape{y.shape}, Detail: "needs a gradient unless it holds one value"})
	case gy != nil && !gy.Shape().Equal(y.shape):
		panic(&tensor.Error{Op: "Tape.Backward", Shapes: []tensor.Shape{y.shape, gy.Shape()}, Detail: "the gradient must have the value's shape"})
	}
	t.spent = true
	if !y.needs {
		return
	}
	seed := t.gradient(y)
	for i := range seed.Data() {
		if gy == nil {
			seed.Data()[i] += 1
		} else {
			seed.Data()[i] += gy.Data()[i]
		}
	}
	t.backward()
}

// backward runs all operations whose result has a gradient, the last first.
func (t *Tape) backward() {
	gx := make([]*tensor.Tensor, 0, 4)
	for i := len(t.nodes) - 1; i >= 0; i-- {
		gx = t.runBack(&t.nodes[i], gx[:0])
		t.done.after(i)
	}
}

// runBack runs an operation backward. It lists gradients of inputs in gx, whose memory it returns.
func (t *Tape) runBack(n *node, gx []*tensor.Tensor) []*tensor.Tensor {
	if n.out.grad == nil {
		return gx // y does not depend on it
	}
	if n.again != nil {
		n.again(n.out.grad)
		n.out.grad = nil
		return gx
	}
	add := true
	for j, v := range n.in {
		switch {
		case !v.needs || j == n.pass:
			gx = append(gx, nil)
		case j == n.into && v.param == nil && v.grad == nil:
			v.grad, add = t.memory.borrow(v.shape), false
			gx = append(gx, v.grad)
		default:
			gx = append(gx, t.gradient(v))
		}
	}
	n.back(n.out.grad, gx, add)
	if n.pass >= 0 && n.in[n.pass].needs {
		t.handOn(n.in[n.pass], n.out.grad)
	} else {
		t.memory.release(n.out.grad)
	}
	n.out.grad = nil
	n.out.expire(&t.memory)
	return gx
}

// gradient returns where the gradient of v is summed, zeros at first. That of a parameter outlives the step.
func (t *Tape) gradient(v *Var) *tensor.Tensor {
	if p := v.param; p != nil {
		if p.Grad == nil {
			p.Grad = tensor.New(p.Value.Shape()...)
		}
		return p.Grad
	}
	if v.grad == nil {
		v.grad = t.memory.borrow(v.shape)
		v.grad.Zero()
	}
	return v.grad
}

// handOn makes gy the gradient of v, or adds it to the one there is.
func (t *Tape) handOn(v *Var, gy *tensor.Tensor) {
	if v.param == nil && v.grad == nil {
		if v.grad = gy; !gy.Shape().Equal(v.shape) {
			v.grad = gy.Reshape(v.shape...)
		}
		return
	}
	kernels.AddScaled(t.gradient(v).Data(), 1, gy.Data())
	t.memory.release(gy)
}
