package autograd

import "github.com/longtail-ml/longtail/tensor"

// BackwardDone is Backward, and calls done for every parameter on the tape that takes a gradient, once, as soon as no operation that is
// still to run adds to it: the last that uses it first, in an order that the tape alone decides. Gradients may then be sent away while the
// rest of the backward pass goes on, of which done must not use the tape. A Recompute has run as a whole before its parameters are done.
func (t *Tape) BackwardDone(y *Var, gy *tensor.Tensor, done func(*Param)) {
	t.done = newCompletions(t.nodes, done)
	defer func() { t.done = nil }()
	t.Backward(y, gy)
}

// completions says when parameters are done.
type completions struct {
	params []*Param // by their first use, in the order of operations
	at     []int    // the operation of that
	tell   func(*Param)
}

func newCompletions(nodes []node, tell func(*Param)) *completions {
	c := &completions{tell: tell}
	seen := map[*Param]bool{}
	for i := range nodes {
		nodes[i].each(func(p *Param) {
			if !seen[p] {
				seen[p] = true
				c.params, c.at = append(c.params, p), append(c.at, i)
			}
		})
	}
	return c
}

// after tells of the parameters whose first operation has run backward, or was passed over.
func (c *completions) after(operation int) {
	for c != nil && len(c.at) > 0 && c.at[len(c.at)-1] == operation {
		last := len(c.at) - 1
		p := c.params[last]
		c.params, c.at = c.params[:last], c.at[:last]
		c.tell(p)
	}
}

// each calls f for the parameters to whose gradients the operation adds.
func (n *node) each(f func(*Param)) {
	for _, v := range n.in {
		if v.param != nil && v.needs {
			f(v.param)
		}
	}
	for _, p := range n.inner {
		f(p)
	}
}
