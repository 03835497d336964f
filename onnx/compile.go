package onnx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

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

// takeInput finds the one value that is not in the file.
func (c *compiler) takeInput(g graph, s OpenSettings) error {
	var inputs []valueInfo
	for _, v := range g.inputs {
		if c.arrays[v.name] == nil {
			inputs = append(inputs, v)
		}
	}
	if len(inputs) != 1 {
		return fmt.Errorf("the graph has %d inputs, and a backbone has one", len(inputs))
	}
	in := inputs[0]
	if in.kind != float32s && in.kind != 0 {
		return fmt.Errorf("the input %q has numbers of ONNX's type %d, and a backbone's are float (type 1)", in.name, in.kind)
	}
	c.input, c.made[in.name] = in.name, true
	for _, d := range in.dims {
		size := -1
		if d.size > 0 && d.size <= 1<<31-1 && d.name == "" {
			size = int(d.size)
		}
		c.shape = append(c.shape, size)
	}
	switch len(c.shape) {
	case 2:
		c.shape = c.shape[1:]
		return nil
	case 4:
	default:
		return fmt.Errorf("the input %q has the shape %v: images of four dimensions or rows of two are possible", in.name, c.shape)
	}
	few := func(n int) bool { return n == 1 || n == 3 || n == 4 }
	first, last := few(c.shape[1]), few(c.shape[3])
	switch {
	case s.Layout == ChannelsFirst || s.Layout == ByShape && first && !last:
		c.first = true
		c.shape = tensor.Shape{c.shape[2], c.shape[3], c.shape[1]}
	case s.Layout == ChannelsLast || s.Layout == ByShape && last && !first:
		c.shape = c.shape[1:]
	default:
		return fmt.Errorf("the input %q has the shape %v, which does not tell where the channels are: set OpenSettings.Layout", in.name, c.shape)
	}
	for i, n := range []int{s.Height, s.Width} {
		if n > 0 && c.shape[i] > 0 && c.shape[i] != n {
			return fmt.Errorf("OpenSettings has images of %d×%d, the file takes %d×%d alone", s.Height, s.Width, c.shape[0], c.shape[1])
		}
		if n > 0 {
			c.shape[i] = n
		}
	}
	return nil
}

// needed returns the nodes that the output needs, in order. Those that give numbers of the file become arrays.
func (c *compiler) needed(g graph) ([]*node, error) {
	by := map[string]*node{}
	for _, n := range g.nodes {
		for _, out := range n.out {
			if out == "" {
				continue
			}
			if by[out] != nil || c.arrays[out] != nil || c.made[out] {
				return nil, fmt.Errorf("the node %s gives %q, which is there already: the file is damaged", n.called(), out)
			}
			by[out] = n
		}
	}
	if by[c.output] == nil && !c.made[c.output] {
		return nil, fmt.Errorf("no node gives the output %q: the last ones give %s", c.output, strings.Join(lastOutputs(g), ", "))
	}
	wanted := map[*node]bool{}
	for stack := []string{c.output}; len(stack) > 0; {
		name := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n := by[name]; n != nil && !wanted[n] {
			wanted[n] = true
			stack = append(stack, n.in...)
		}
	}
	var nodes []*node
	for _, n := range g.nodes {
		if !wanted[n] {
			continue
		}
		if n.op == "Constant" && n.domain == "" {
			a, err := n.constant()
			if err != nil {
				return nil, fmt.Errorf("the node %s: %w", n.called(), err)
			}
			c.arrays[a.name] = &held{from: a}
			continue
		}
		for _, name := range n.in {
			c.uses[name]++
		}
		nodes = append(nodes, n)
	}
	c.uses[c.output]++
	return nodes, nil
}

func lastOutputs(g graph) (names []string) {
	for _, n := range g.nodes[max(0, len(g.nodes)-5):] {
		names = append(names, n.out...)
	}
	return names
}

func (n *node) called() string {
	if n.name != "" {
		return fmt.Sprintf("%q (%s)", n.name, n.op)
	}
	return n.op
}

// constant is what a node Constant gives.
func (n *node) constant() (*array, error) {
	if len(n.out) != 1 || len(n.attributes) != 1 {
		return nil, fmt.Errorf("needs one output and one attribute")
	}
	a := n.attributes[0]
	made := array{kind: float32s}
	switch a.name {
	case "value":
		if a.t == nil {
			return nil, fmt.Errorf("has no value")
		}
		made = *a.t
	case "value_float":
		made.floats = []float32{a.f}
	case "value_floats":
		made.floats, made.dims = a.floats, []int64{int64(len(a.floats))}
	case "value_int":
		made.kind, made.ints = int64s, []int64{a.i}
	case "value_ints":
		made.kind, made.ints, made.dims = int64s, a.ints, []int64{int64(len(a.ints))}
	default:
		return nil, fmt.Errorf("the attribute %q is not supported", a.name)
	}
	made.name = n.out[0]
	return &made, nil
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

// width finds OutDim: the file says it, or a run on zeros does.
func (c *compiler) width(g graph) error {
	for _, v := range g.outputs {
		if v.name == c.output && len(v.dims) == 2 && v.dims[1].name == "" && v.dims[1].size > 0 && v.dims[1].size <= 1<<31-1 {
			c.dim = int(v.dims[1].size)
			return nil
		}
	}
	size := 1.0
	for _, n := range c.shape {
		if n < 1 {
			return fmt.Errorf("the file takes samples of %v, where −1 is any, and does not say how wide %q is: set OpenSettings.Height and Width", c.shape, c.output)
		}
		size *= float64(n)
	}
	if size > most {
		return fmt.Errorf("the file takes samples of %v, of more than %d values", c.shape, most)
	}
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	c.dim = c.Forward(tape.Const(tensor.New(append(tensor.Shape{1}, c.shape...)...))).Dim(1)
	return nil
}

// most is how many values a sample may have that is tried.
const most = 1 << 22
