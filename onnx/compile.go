package onnx

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// held is a value that is in the file. Numbers are trained (param), or stay (buffer); whole ones are known beforehand.
type held struct {
	from   *array
	param  *autograd.Param
	buffer *tensor.Tensor
	ints   *wholes
}

// step is a node ready to run: its result goes to the name out.
type step struct {
	name string // for errors
	in   []string
	out  string
	run  func(r *run, in []val) val
}

// compiler makes steps of nodes.
type compiler struct {
	*Backbone
	opset  int64
	made   map[string]bool            // values that nodes give, or the input
	behind map[string]bool            // values that a layer with weights has a part in
	paths  map[string]bool            // of layers
	params map[string]*autograd.Param // by initializer and order of dimensions
	convs  map[string]*convolution    // by the value they give
}

// compile makes a backbone of a model.
func compile(m model, s OpenSettings) (*Backbone, error) {
	c := &compiler{Backbone: &Backbone{arrays: map[string]*held{}, uses: map[string]int{}}, opset: m.opsets[""], made: map[string]bool{},
		behind: map[string]bool{}, paths: map[string]bool{}, params: map[string]*autograd.Param{}, convs: map[string]*convolution{}}
	for _, a := range m.graph.inits {
		if c.arrays[a.name] != nil || a.name == "" {
			return nil, fmt.Errorf("two initializers are called %q: the file is damaged", a.name)
		}
		c.arrays[a.name] = &held{from: a}
	}
	if err := c.takeInput(m.graph, s); err != nil {
		return nil, err
	}
	if c.output = s.Output; c.output == "" {
		if len(m.graph.outputs) == 0 {
			return nil, fmt.Errorf("the graph has no output")
		}
		c.output = m.graph.outputs[0].name
	}
	nodes, err := c.needed(m.graph)
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if err := c.add(n); err != nil {
			return nil, fmt.Errorf("the node %s: %w", n.called(), err)
		}
	}
	if !c.made[c.output] {
		return nil, fmt.Errorf("no node gives the output %q", c.output)
	}
	for name, a := range c.arrays { // the file's bytes are not needed any more
		if a.from = nil; a.param == nil && a.buffer == nil && a.ints == nil {
			delete(c.arrays, name)
		}
	}
	return c.Backbone, c.width(m.graph)
}

// add makes a node a step.
func (c *compiler) add(n *node) error {
	if n.domain != "" {
		return fmt.Errorf("is of the domain %q: operators of ONNX itself alone are supported", n.domain)
	}
	importer, ok := importers[n.op]
	if !ok {
		return fmt.Errorf("the operator %s is not supported", n.op)
	}
	for _, name := range n.in {
		if name != "" && !c.made[name] && c.arrays[name] == nil {
			return fmt.Errorf("reads %q, which no node before gives", name)
		}
	}
	if len(n.out) == 0 || n.out[0] == "" {
		return fmt.Errorf("has no output")
	}
	k := &compiling{compiler: c, node: n, in: slices.Clone(n.in), read: map[string]bool{}}
	run := importer(k)
	for _, a := range n.attributes {
		if !k.read[a.name] {
			k.fail("the attribute %s is not supported", a.name)
		}
	}
	if k.err != nil {
		return k.err
	}
	deep := k.weighted
	for _, name := range k.in {
		if name != "" && !c.made[name] {
			if err := c.keep(name); err != nil {
				return err
			}
		}
		deep = deep || c.behind[name]
	}
	c.made[n.out[0]], c.behind[n.out[0]] = true, deep
	if !k.joined {
		c.steps = append(c.steps, step{n.called(), k.in, n.out[0], run})
	}
	return nil
}

// keep makes values of the file ready that steps read as they are. They stay as they are unless train has made them parameters.
func (c *compiler) keep(name string) error {
	a := c.arrays[name]
	if a.param != nil || a.buffer != nil || a.ints != nil {
		return nil
	}
	if v, err := a.from.whole(); err == nil {
		a.ints = &wholes{v, a.from.shape()}
		return nil
	}
	x, err := a.from.float32s()
	if err != nil {
		return err
	}
	a.buffer = x
	c.order = append(c.order, name)
	return nil
}

// train makes values of the file parameters.
func (c *compiler) train(name string) error {
	a := c.arrays[name]
	if a == nil || a.param != nil || a.buffer != nil || a.ints != nil {
		return nil
	}
	x, err := a.from.float32s()
	if err != nil {
		return err
	}
	a.param = autograd.NewParam(x)
	c.order = append(c.order, name)
	return nil
}

// path returns one that no layer has.
func (c *compiler) path(weight string) string {
	path := pathOf(weight)
	for i, base := 2, path; c.paths[path]; i++ {
		path = base + "_" + strconv.Itoa(i)
	}
	c.paths[path] = true
	return path
}
