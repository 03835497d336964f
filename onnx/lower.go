package onnx

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// lowering makes a graph of a trace.
type lowering struct {
	*writer
	settings Settings
	paths    map[any]string                  // of parameters and buffers
	values   map[*autograd.Var]*value        // that there are so far
	other    map[*autograd.Var]*autograd.Var // of a trace with another number of images
	uses     map[*autograd.Var]int           // as input of an operation, or output
}

// value is one of a trace in the graph. Images [N, H, W, C] are there as such, or channels first, or both.
type value struct {
	rows, images string         // names in the graph; "": not there yet
	kernel       string         // of a constant as a convolution's weight
	constant     *tensor.Tensor // one that does not depend on the input; nil: it does
	path         string         // of the constant
}

// lowerNetwork returns the graph of a network.
func lowerNetwork(n *hybrid.Network, s Settings) (graph, error) {
	a, b := trace(n, s, 2), trace(n, s, 3)
	other, err := match(a, b)
	if err != nil {
		return graph{}, err
	}
	l := &lowering{writer: newWriter(), settings: s, paths: map[any]string{}, values: map[*autograd.Var]*value{}, other: other, uses: map[*autograd.Var]int{}}
	for _, e := range nn.Entries(n) {
		if e.Param != nil {
			l.paths[e.Param] = e.Path
		} else if e.Buffer != nil {
			l.paths[e.Buffer] = e.Path
		}
	}
	for _, op := range a.ops {
		for _, v := range op.In {
			l.uses[v]++
		}
	}
	for _, o := range a.outputs {
		l.uses[o.of]++
	}
	l.input(n, a.input)
	for _, op := range a.ops {
		if err := l.lower(op); err != nil {
			return graph{}, err
		}
	}
	for _, o := range a.outputs {
		if err := l.output(o); err != nil {
			return graph{}, err
		}
	}
	l.prune()
	return l.graph, l.err
}

// lower writes the nodes of an operation.
func (l *lowering) lower(op autograd.Traced) error {
	if !slices.ContainsFunc(op.In, func(v *autograd.Var) bool { return l.value(v).constant == nil }) {
		l.values[op.Out] = &value{constant: op.Out.Value(), path: join(l.prefix(op), op.Name)}
		return nil
	}
	c := &Call{lowering: l, op: op}
	if own, ok := l.settings.Operations[op.Name]; ok {
		name, err := own(c)
		if err == nil && !l.isKnown(name) {
			err = fmt.Errorf("Settings.Operations[%q] returns the output %q, which no node has", op.Name, name)
		}
		if err != nil {
			return fmt.Errorf("the operation %s: %w", called(op), err)
		}
		l.values[op.Out] = &value{rows: name}
		return l.err
	}
	known, ok := operations[op.Name]
	if !ok {
		return fmt.Errorf("the operation %s has no ONNX form: give it one in Settings.Operations[%q], see onnx.Operation", called(op), op.Name)
	}
	v := known(c)
	l.values[op.Out] = &v
	return l.err
}

// value returns what there is of v. One that no operation gave is a constant.
func (l *lowering) value(v *autograd.Var) *value {
	if found, ok := l.values[v]; ok {
		return found
	}
	made := &value{constant: v.Value(), path: "constant"}
	if p := v.Param(); l.paths[p] != "" {
		made.path = l.paths[p]
	}
	l.values[v] = made
	return made
}

// rows returns the name of a value as the library has it.
func (l *lowering) rows(v *value) string {
	switch {
	case v.rows != "":
	case v.constant != nil:
		v.rows = l.constant(v.path, v.constant)
	default:
		v.rows = l.node("", "Transpose", autograd.Attributes{"perm": []int{0, 2, 3, 1}}, v.images)
	}
	return v.rows
}

// channelsFirst returns the name of images [N, C, H, W]. A constant of fewer dimensions gets those that broadcasting would
// add.
func (l *lowering) channelsFirst(v *value) string {
	switch {
	case v.images != "":
	case v.constant != nil:
		s := v.constant.Shape()
		x := v.constant.Reshape(append(slices.Repeat([]int{1}, 4-len(s)), s...)...)
		v.images = l.constant(v.path, permuted(x, 0, 3, 1, 2))
	default:
		v.images = l.node("", "Transpose", autograd.Attributes{"perm": []int{0, 3, 1, 2}}, v.rows)
	}
	return v.images
}

// permuted is x with its dimensions in another order.
func permuted(x *tensor.Tensor, order ...int) *tensor.Tensor {
	shape := make([]int, len(order))
	for i, o := range order {
		shape[i] = x.Dim(o)
	}
	y := tensor.New(shape...)
	kernels.Permute(y.Data(), x.Data(), x.Shape(), order)
	return y
}

// input begins the graph with what it takes, and the normalisation if that is inside.
func (l *lowering) input(n *hybrid.Network, x *autograd.Var) {
	const name = "input"
	dims := l.dims(x)
	first := l.settings.NCHW
	if first {
		dims = []dim{dims[0], dims[3], dims[1], dims[2]}
	}
	l.graph.inputs = []valueInfo{{name, float32s, dims}}
	l.take(name)
	out := name
	if normalize := n.Normalize(); l.settings.Normalize && len(normalize.Mean) > 0 {
		pixel := 255.0
		if n.Input().Features > 0 {
			pixel = 1
		}
		scale, shift := tensor.New(len(normalize.Mean)), tensor.New(len(normalize.Mean))
		for c, mean := range normalize.Mean {
			scale.Data()[c], shift.Data()[c] = float32(1/(pixel*normalize.Std[c])), float32(-mean/normalize.Std[c])
		}
		if first {
			scale, shift = scale.Reshape(scale.Len(), 1, 1), shift.Reshape(shift.Len(), 1, 1)
		}
		out = l.node("normalize", "Mul", nil, out, l.constant("normalize.scale", scale))
		out = l.node("normalize", "Add", nil, out, l.constant("normalize.shift", shift))
	}
	if first {
		l.values[x] = &value{images: out}
	} else {
		l.values[x] = &value{rows: out}
	}
}

// output ends the graph in a value.
func (l *lowering) output(o output) error {
	v := l.value(o.of)
	if v.constant != nil {
		return fmt.Errorf("the output %s does not depend on the input: the network must compute it by operations on the tape (autograd.Op)", o.name)
	}
	from := l.rows(v)
	if o.name == "logits" && l.settings.Softmax {
		o.name = "probabilities"
		from = l.node("", "Softmax", autograd.Attributes{"axis": 1}, from)
	}
	l.graph.outputs = append(l.graph.outputs, valueInfo{o.name, float32s, l.dims(o.of)})
	l.finish(from, o.name)
	return l.err
}

// dims returns the dimensions of a value, where the number of images may be any.
func (l *lowering) dims(v *autograd.Var) []dim {
	dims := make([]dim, len(v.Shape()))
	for i, n := range v.Shape() {
		each := n / 2
		switch other := l.other[v].Dim(i); {
		case other == n:
			dims[i].size = int64(n)
		case n != 2*each || other != 3*each:
			l.fail("an output of shape %v for 2 images and %v for 3: it must be in proportion", v.Shape(), l.other[v].Shape())
		case l.settings.Batch > 0:
			dims[i].size = int64(l.settings.Batch * each)
		case each == 1:
			dims[i].name = "batch"
		default:
			dims[i].name = fmt.Sprintf("%d*batch", each)
		}
	}
	return dims
}
