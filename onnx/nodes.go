package onnx

import (
	"fmt"
	"strings"
)

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
