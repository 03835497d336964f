package onnx

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// writer makes a graph node by node. The first mistake stays in err.
type writer struct {
	graph graph
	made  map[string]*node          // by output
	data  map[string]*tensor.Tensor // of constants, by name
	named map[*tensor.Tensor]string // constants that are there
	taken map[string]bool           // names
	err   error
}

func newWriter() *writer {
	return &writer{graph: graph{name: "longtail"}, made: map[string]*node{}, data: map[string]*tensor.Tensor{},
		named: map[*tensor.Tensor]string{}, taken: map[string]bool{"logits": true, "probabilities": true, "embeddings": true, "features": true}}
}

func (w *writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// take returns a name that is not taken: this one, or one with a number behind it.
func (w *writer) take(name string) string {
	for i, base := 2, name; w.taken[name]; i++ {
		name = base + "_" + strconv.Itoa(i)
	}
	w.taken[name] = true
	return name
}

func (w *writer) isKnown(name string) bool { return w.made[name] != nil || w.taken[name] }

// node writes a node with one output, and returns the output's name.
func (w *writer) node(prefix, op string, attributes autograd.Attributes, in ...string) string {
	n := &node{op: op, name: w.take(join(prefix, op)), in: in}
	n.out = []string{n.name}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		n.attributes = append(n.attributes, w.attribute(op, name, attributes[name]))
	}
	w.graph.nodes = append(w.graph.nodes, n)
	w.made[n.name] = n
	return n.name
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "/" + name
}

func (w *writer) attribute(op, name string, value any) attribute {
	a := attribute{name: name}
	switch v := value.(type) {
	case int:
		a.kind, a.i = isInt, int64(v)
	case float64:
		a.kind, a.f = isFloat, float32(v)
	case string:
		a.kind, a.s = isString, v
	case []int:
		a.kind = isInts
		for _, i := range v {
			a.ints = append(a.ints, int64(i))
		}
	case []float64:
		a.kind = isFloats
		for _, f := range v {
			a.floats = append(a.floats, float32(f))
		}
	default:
		w.fail("the attribute %s of a node %s is a %T: int, float64, string and slices of numbers are possible", name, op, value)
	}
	return a
}

// constant writes values that are fixed, once for each tensor.
func (w *writer) constant(path string, x *tensor.Tensor) string {
	if name, ok := w.named[x]; ok {
		return name
	}
	if i := kernels.FirstNonFinite(x.Data()); i >= 0 {
		w.fail("%s[%d] is %v: no network can predict with it", path, i, x.Data()[i])
	}
	name := w.take(path)
	a := &array{name: name, kind: float32s, floats: x.Data()}
	for _, d := range x.Shape() {
		a.dims = append(a.dims, int64(d))
	}
	w.graph.inits = append(w.graph.inits, a)
	w.data[name], w.named[x] = x, name
	return name
}

// ints writes a vector of whole numbers.
func (w *writer) ints(v ...int) string {
	a := &array{name: w.take("ints"), kind: int64s, dims: []int64{int64(len(v))}, raw: []byte{}}
	for _, n := range v {
		a.raw = binary.LittleEndian.AppendUint64(a.raw, uint64(n))
	}
	w.graph.inits = append(w.graph.inits, a)
	return a.name
}

// finish gives a value the name of an output.
func (w *writer) finish(from, name string) {
	n := w.made[from]
	if n == nil || n.out[0] != from { // the input itself, or an output already
		at := from
		if n != nil {
			at = n.out[0]
		}
		w.graph.nodes = append(w.graph.nodes, &node{op: "Identity", name: name, in: []string{at}, out: []string{name}})
		return
	}
	n.out[0] = name
	for _, m := range w.graph.nodes {
		for i := range m.in {
			if m.in[i] == from {
				m.in[i] = name
			}
		}
	}
}

// prune leaves out what no output needs.
func (w *writer) prune() {
	needed := map[string]bool{}
	for _, o := range w.graph.outputs {
		needed[o.name] = true
	}
	for _, n := range slices.Backward(w.graph.nodes) {
		if slices.ContainsFunc(n.out, func(name string) bool { return needed[name] }) {
			for _, name := range n.in {
				needed[name] = true
			}
		}
	}
	w.graph.nodes = slices.DeleteFunc(w.graph.nodes, func(n *node) bool {
		return !slices.ContainsFunc(n.out, func(name string) bool { return needed[name] })
	})
	w.graph.inits = slices.DeleteFunc(w.graph.inits, func(a *array) bool { return !needed[a.name] })
}
