package autograd

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/tensor"
)

// Recompute returns f(x) and keeps nothing of what lies between for Backward, which runs f once more when it comes there
// (arXiv 1604.06174): a second forward pass of f, for the memory of its values. Values, gradients and randomness are the
// same to the bit, and what f registers with AfterStep runs once. On a tape without gradients the memory of what lies
// between is free at once.
//
// f must give the same each time, of its argument and of parameters and buffers alone: it is called on another tape, and
// Vars of this one are strange to it. What it keeps for AfterStep must be its own or Pending, not other memory
// of the tape.
func Recompute(x *Var, f func(*Var) *Var) *Var {
	const op = "autograd.Recompute"
	x.check(op)
	t := x.tape
	if t.mode.Trace {
		return f(x)
	}
	rng := t.Rand()
	draws := *t.source
	inner := t.nested()
	inner.rng, inner.source = rng, t.source
	out := f(inner.leaf(x))
	inner.mustOwn(op, out)
	y := t.Const(inner.memory.handOver(out.Peek(), &t.memory))
	y.needs = out.needs
	t.macs += inner.macs
	t.after = append(t.after, inner.after...)
	params := newCompletions(inner.nodes, nil).params
	if x.param != nil && x.needs {
		params = append(params, x.param)
	}
	inner.Reset(t.mode)
	if y.needs {
		t.nodes = append(t.nodes, node{out: y, inner: params, again: func(gy *tensor.Tensor) {
			inner := t.nested()
			inner.source = &draws
			inner.rng = rand.New(inner.source)
			leaf := inner.leaf(x)
			out := f(leaf)
			inner.mustOwn(op, out)
			if !out.shape.Equal(gy.Shape()) {
				panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{gy.Shape(), out.shape},
					Detail: "the function gave another shape the second time: it must depend on its argument alone"})
			}
			leaf.grad = x.grad // what has been summed so far, so that sums keep their order
			inner.handOn(out, gy)
			inner.backward()
			if x.grad = leaf.grad; x.grad != nil {
				t.memory.adopt(x.grad)
			}
			inner.Reset(t.mode)
		}})
	}
	return y
}

// nested returns an empty tape that lends the memory of t.
func (t *Tape) nested() *Tape {
	if t.inner == nil {
		t.inner = newTape(memory{pool: t.memory.pool, shared: true})
	}
	t.inner.Reset(t.mode)
	return t.inner
}

// leaf is x of the tape around t: its gradient is x's.
func (t *Tape) leaf(x *Var) *Var {
	v := t.Const(x.Value())
	v.param, v.needs = x.param, x.needs
	return v
}

func (t *Tape) mustOwn(op string, y *Var) {
	if y == nil || y.tape != t || y.step != t.step {
		panic(&tensor.Error{Op: op, Detail: "the function must return a value that it computed of its argument"})
	}
}
