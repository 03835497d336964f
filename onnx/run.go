package onnx

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// growth is how many times the values of the input and the weights a result may have: more is a mistake or an attack.
const growth = 1 << 12

// val is a value while a backbone runs: numbers, or whole numbers that are known at once, such as shapes.
type val struct {
	v     *autograd.Var
	first bool // v holds as [N, H, W, C] what the file has as [N, C, H, W]
	ints  *wholes
}

type wholes struct {
	v     []int64
	shape tensor.Shape
}

// run is one forward pass.
type run struct {
	backbone *Backbone
	tape     *autograd.Tape
	values   map[string]val
	limit    int
	step     string
	memory   map[*float32]*lent // on a tape without gradients
}

// lent is memory of values that are still to be read so often.
type lent struct {
	of    *tensor.Tensor
	reads int
}

func (r *run) forward(x *autograd.Var) *autograd.Var {
	b := r.backbone
	r.values[b.input] = val{v: x, first: b.first}
	if m := r.tape.Mode(); m.NoGrad && !m.Trace {
		r.memory = map[*float32]*lent{}
	}
	for _, s := range b.steps {
		in := make([]val, len(s.in))
		for i, name := range s.in {
			in[i] = r.value(name)
		}
		r.step = s.name
		out := s.run(r, in)
		r.values[s.out] = out
		r.release(s, out)
	}
	r.step = "the output " + b.output
	y := r.plain(r.values[b.output])
	if y == x || len(y.Shape()) != 2 {
		r.fail("has the shape %v: features must be computed, and be [N, D]; OpenSettings.Output chooses another value", y.Shape())
	}
	return y
}

func (r *run) value(name string) val {
	if v, ok := r.values[name]; ok || name == "" {
		return v
	}
	a, v := r.backbone.arrays[name], val{}
	switch {
	case a.param != nil:
		v.v = r.tape.Param(a.param)
	case a.buffer != nil:
		v.v = r.tape.Const(r.tape.Buffer(a.buffer))
	default:
		v.ints = a.ints
	}
	r.values[name] = v
	return v
}

// release gives memory back that no later step reads. Results that share memory are told by its address.
func (r *run) release(s step, out val) {
	if r.memory == nil {
		return
	}
	if x := first(out); x != nil {
		m := r.memory[x]
		if m == nil && !r.isInput(x, s) {
			m = &lent{of: out.v.Value()}
			r.memory[x] = m
		}
		if m != nil {
			m.reads += r.backbone.uses[s.out]
		}
	}
	for _, name := range s.in {
		x := first(r.values[name])
		if m := r.memory[x]; m != nil {
			if m.reads--; m.reads == 0 {
				r.tape.Free(m.of)
				delete(r.memory, x)
			}
		}
	}
}

// isInput says whether memory is that of an input that no step made.
func (r *run) isInput(x *float32, s step) bool {
	for _, name := range s.in {
		if first(r.values[name]) == x {
			return true
		}
	}
	return false
}

func first(v val) *float32 {
	if v.v == nil || v.v.Value().Len() == 0 {
		return nil
	}
	return &v.v.Data()[0]
}

func (r *run) fail(format string, args ...any) {
	panic(&tensor.Error{Op: "onnx.Backbone", Path: r.step, Detail: fmt.Sprintf(format, args...)})
}

// room refuses results that are out of proportion.
func (r *run) room(shape ...int) {
	n := 1.0
	for _, d := range shape {
		n *= float64(d)
	}
	if n > float64(r.limit) {
		r.fail("a result of shape %v is out of proportion to the input and the weights", tensor.Shape(shape))
	}
}

// shape is that in the file.
func (v val) shape() tensor.Shape {
	switch {
	case v.ints != nil:
		return v.ints.shape
	case v.first:
		s := v.v.Shape()
		return tensor.Shape{s[0], s[3], s[1], s[2]}
	}
	return v.v.Shape()
}

// plain returns numbers as the file has them.
func (r *run) plain(v val) *autograd.Var {
	switch {
	case v.v == nil:
		r.fail("whole numbers, or nothing, where other numbers are wanted")
	case v.first:
		return autograd.Permute(v.v, 0, 3, 1, 2)
	}
	return v.v
}

// images returns [N, H, W, C].
func (r *run) images(v val) *autograd.Var {
	switch {
	case v.v == nil || len(v.v.Shape()) != 4:
		r.fail("images of four dimensions are wanted, and the shape is %v", v.shapeOrNone())
	case !v.first:
		return autograd.Permute(v.v, 0, 2, 3, 1)
	}
	return v.v
}

func (v val) shapeOrNone() tensor.Shape {
	if v.v == nil && v.ints == nil {
		return nil
	}
	return v.shape()
}

// axis returns a dimension that may count from the last.
func (r *run) axis(axis, dims int) int {
	at := axis
	if at < 0 {
		at += dims
	}
	if at < 0 || at >= dims {
		r.fail("there is no dimension %d of %d", axis, dims)
	}
	return at
}
