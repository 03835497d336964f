package onnx

import (
	"fmt"

	"github.com/longtail-ml/longtail/tensor"
)

// compiling is a node on its way to a step. The first mistake stays in err.
type compiling struct {
	*compiler
	node     *node
	in       []string // that the step reads
	read     map[string]bool
	weighted bool // it has weights
	joined   bool // a step before computes it
	err      error
}

func (k *compiling) fail(format string, args ...any) {
	if k.err == nil {
		k.err = fmt.Errorf(format, args...)
	}
}

func (k *compiling) attribute(name string, kind attributeKind) (a attribute, ok bool) {
	k.read[name] = true
	for _, a = range k.node.attributes {
		if a.name == name {
			if a.kind != kind {
				k.fail("the attribute %s is of kind %d, where %d is wanted", name, a.kind, kind)
				return a, false
			}
			return a, true
		}
	}
	return a, false
}

// int returns a whole number of at most 2³¹.
func (k *compiling) int(name string, otherwise int) int {
	a, ok := k.attribute(name, isInt)
	if !ok {
		return otherwise
	}
	return k.small(a.i)
}

func (k *compiling) small(v int64) int {
	if v > 1<<31-1 || v < -1<<31 {
		k.fail("the number %d is beyond what sizes can be", v)
		return 0
	}
	return int(v)
}

func (k *compiling) float(name string, otherwise float64) float64 {
	if a, ok := k.attribute(name, isFloat); ok {
		return float64(a.f)
	}
	return otherwise
}

func (k *compiling) text(name, otherwise string) string {
	if a, ok := k.attribute(name, isString); ok {
		return a.s
	}
	return otherwise
}

// ints returns nil if there is no such attribute.
func (k *compiling) ints(name string) []int {
	a, ok := k.attribute(name, isInts)
	if !ok {
		return nil
	}
	v := make([]int, len(a.ints))
	for i := range v {
		v[i] = k.small(a.ints[i])
	}
	return v
}

// must reports an attribute that is not the only one supported.
func (k *compiling) must(name string, is, only int) {
	if is != only {
		k.fail("%s is %d, and %d alone is supported", name, is, only)
	}
}

// inputs reports a node with fewer or more inputs.
func (k *compiling) inputs(least, most int) bool {
	if n := len(k.node.in); n < least || n > most {
		k.fail("has %d inputs, it must have %d to %d", n, least, most)
	}
	for i := range min(least, len(k.node.in)) {
		if k.node.in[i] == "" {
			k.fail("input %d is left out", i)
		}
	}
	return k.err == nil
}

// has says whether there is an input i.
func (k *compiling) has(i int) bool { return i < len(k.node.in) && k.node.in[i] != "" }

// fixed says whether input i is in the file.
func (k *compiling) fixed(i int) bool { return k.has(i) && k.arrays[k.node.in[i]] != nil }

// numbers returns input i, which must be in the file.
func (k *compiling) numbers(i int) *tensor.Tensor {
	if !k.fixed(i) {
		k.fail("input %d must be in the file, and is computed", i)
		return nil
	}
	x, err := k.arrays[k.node.in[i]].from.float32s()
	if err != nil {
		k.fail("input %d: %w", i, err)
		return nil
	}
	return x
}

// number returns input i, one number in the file, or otherwise if there is no such input.
func (k *compiling) number(i int, otherwise float64) float64 {
	if !k.has(i) || k.err != nil {
		return otherwise
	}
	x := k.numbers(i)
	if x == nil || x.Len() != 1 {
		k.fail("input %d must be one number", i)
		return otherwise
	}
	return float64(x.Data()[0])
}

// whole returns whole numbers of input i, which must be in the file.
func (k *compiling) whole(i int) []int {
	if !k.fixed(i) {
		k.fail("input %d must be in the file, and is computed", i)
		return nil
	}
	v, err := k.arrays[k.node.in[i]].from.whole()
	if err != nil {
		k.fail("input %d: %w", i, err)
		return nil
	}
	out := make([]int, len(v))
	for i := range v {
		out[i] = clamp(v[i])
	}
	return out
}

// clamp brings numbers that mean "to the end" into the range of sizes.
func clamp(v int64) int { return int(max(-1<<31, min(v, 1<<31-1))) }

// only says that the step reads these inputs, and not those that were looked at here.
func (k *compiling) only(inputs ...int) {
	k.in = nil
	for _, i := range inputs {
		k.in = append(k.in, k.node.in[i])
	}
}

// axes are an attribute of older opsets, and an input of those from since on. nil: not given.
func (k *compiling) axes(since int64, input int) []int {
	if k.opset < since {
		return k.ints("axes")
	}
	if !k.has(input) {
		return nil
	}
	v := k.whole(input)
	k.in = k.in[:min(input, len(k.in))]
	return v
}
