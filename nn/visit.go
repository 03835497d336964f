package nn

import (
	"encoding"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Visitable is anything with state: it shows its parameters, buffers and other state to a Visitor, always in the same
// order and under the same names.
type Visitable interface{ Visit(v Visitor) }

// State is state that is neither a parameter nor a buffer of float32: a queue's position, a counter.
type State interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Layout says how a tensor lies in files, which keep PyTorch's order.
type Layout int

const (
	// Same is the order of memory.
	Same Layout = iota
	// HWIO is a convolution's weight [KH, KW, I, O], kept in files as [O, I, KH, KW].
	HWIO
)

// Visitor receives named state. Names join by dots to paths as in "layer1.0.conv1.weight".
type Visitor struct {
	prefix string
	visit  func(Entry)
}

// Entry is one piece of state: exactly one of Param, Buffer and State is set.
type Entry struct {
	Path   string
	Param  *autograd.Param
	Buffer *tensor.Tensor // read by modules through Tape.Buffer
	State  State
	Layout Layout
	frozen *bool // of a parameter, or of the layer whose statistics the buffer is; nil: it cannot be frozen
}

// Frozen reports whether training leaves it as it is, see Freeze.
func (e Entry) Frozen() bool { return e.frozen != nil && *e.frozen }

// Tensor returns the value of a parameter or the buffer, nil for other state.
func (e Entry) Tensor() *tensor.Tensor {
	if e.Param != nil {
		return e.Param.Value
	}
	return e.Buffer
}

// Param shows a parameter; a nil p is passed over, so that a layer may do without a bias.
func (v Visitor) Param(name string, p *autograd.Param) { v.ParamAs(name, p, Same) }

// ParamAs shows a parameter that lies otherwise in files.
func (v Visitor) ParamAs(name string, p *autograd.Param, l Layout) {
	if p != nil {
		v.visit(Entry{Path: v.prefix + name, Param: p, Layout: l, frozen: &p.Frozen})
	}
}

// Buffer shows a tensor that training updates without a gradient. Freeze does not reach it, see Statistics.
func (v Visitor) Buffer(name string, b *tensor.Tensor) {
	v.visit(Entry{Path: v.prefix + name, Buffer: b})
}

// Statistics shows a buffer that follows the batches of training, such as a running mean. Freeze sets *frozen, which
// belongs to the layer and may serve several buffers: while it is true, Forward must work as in evaluation on a training
// tape too, and leave the buffers as they are.
func (v Visitor) Statistics(name string, b *tensor.Tensor, frozen *bool) {
	v.visit(Entry{Path: v.prefix + name, Buffer: b, frozen: frozen})
}

// State shows other state.
func (v Visitor) State(name string, s State) { v.visit(Entry{Path: v.prefix + name, State: s}) }

// Sub shows everything of m under name; m that is nil is passed over.
func (v Visitor) Sub(name string, m Visitable) {
	if m != nil {
		m.Visit(Visitor{prefix: v.prefix + name + ".", visit: v.visit})
	}
}

// Entries returns all state of m in visiting order.
func Entries(m Visitable) []Entry {
	var all []Entry
	m.Visit(Visitor{visit: func(e Entry) { all = append(all, e) }})
	return all
}

// Params returns the entries of m that are parameters, each parameter once even if it is shared.
func Params(m Visitable) []Entry {
	var params []Entry
	seen := map[*autograd.Param]bool{}
	for _, e := range Entries(m) {
		if e.Param != nil && !seen[e.Param] {
			seen[e.Param] = true
			params = append(params, e)
		}
	}
	return params
}

// Tensors returns the values of all parameters and buffers of m, for autograd.Snapshot.
func Tensors(m Visitable) []*tensor.Tensor {
	var all []*tensor.Tensor
	for _, e := range Entries(m) {
		if x := e.Tensor(); x != nil {
			all = append(all, x)
		}
	}
	return all
}

// Name sets the Name of every parameter of m to its path, so that errors can tell which it is.
func Name(m Visitable) {
	for _, e := range Params(m) {
		e.Param.Name = e.Path
	}
}

// Freeze sets whether training leaves m as it is. Frozen parameters take no gradient and no step. Batch norm with frozen
// statistics works as in evaluation: it normalises by the running statistics and does not move them. (PyTorch's
// requires_grad leaves it in training.) FreezePaths freezes a part, FreezeStatistics the statistics alone.
func Freeze(m Visitable, frozen bool) {
	for _, e := range freezable(m) {
		*e.frozen = frozen
	}
}
