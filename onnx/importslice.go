package onnx

import "github.com/longtail-ml/longtail/tensor"

// cut is what a Slice takes of a dimension.
type cut struct{ axis, from, to, step int }

func importSlice(k *compiling) runner {
	var starts, ends, axes, steps []int
	if k.opset < 10 {
		k.inputs(1, 1)
		starts, ends, axes = k.ints("starts"), k.ints("ends"), k.ints("axes")
	} else if k.inputs(3, 5) {
		starts, ends = k.whole(1), k.whole(2)
		if k.has(3) {
			axes = k.whole(3)
		}
		if k.has(4) {
			steps = k.whole(4)
		}
		k.only(0)
	}
	n := len(starts)
	if len(ends) != n || axes != nil && len(axes) != n || steps != nil && len(steps) != n {
		k.fail("starts, ends, axes and steps of %d, %d, %d and %d numbers", n, len(ends), len(axes), len(steps))
	}
	return func(r *run, in []val) val {
		s := in[0].shapeOrNone()
		cuts := make([]cut, len(s))
		for i := range cuts {
			cuts[i] = cut{i, 0, s[i], 1}
		}
		for i := range starts {
			axis := i
			if axes != nil {
				axis = axes[i]
			}
			c := &cuts[r.axis(axis, len(s))]
			if steps != nil {
				c.step = steps[i]
			}
			if c.step < 1 {
				r.fail("a step of %d is not supported", c.step)
			}
			size := s[c.axis]
			c.from, c.to = within(starts[i], size), within(ends[i], size)
		}
		if in[0].ints != nil {
			if len(s) != 1 {
				r.fail("whole numbers of shape %v: vectors are supported", s)
			}
			y := &wholes{}
			for i := cuts[0].from; i < cuts[0].to; i += cuts[0].step {
				y.v = append(y.v, in[0].ints.v[i])
			}
			y.shape = tensor.Shape{len(y.v)}
			return val{ints: y}
		}
		if in[0].first {
			cuts = []cut{cuts[0], cuts[2], cuts[3], cuts[1]}
			return val{v: slice(in[0].v, cuts), first: true}
		}
		return val{v: slice(r.plain(in[0]), cuts)}
	}
}

func within(i, size int) int {
	if i < 0 {
		i += size
	}
	return min(max(i, 0), size)
}

func importPad(k *compiling) runner {
	if mode := k.text("mode", "constant"); mode != "constant" {
		k.fail("the mode %q is not supported", mode)
	}
	var pads, axes []int
	value := 0.0
	if k.opset < 11 {
		k.inputs(1, 1)
		pads, value = k.ints("pads"), k.float("value", 0)
	} else if k.inputs(2, 4) {
		pads, value = k.whole(1), k.number(2, 0)
		if k.has(3) {
			axes = k.whole(3)
		}
		k.only(0)
	}
	return func(r *run, in []val) val {
		s := r.plainShape(in[0])
		n := len(s)
		if axes != nil {
			n = len(axes)
		}
		if len(pads) != 2*n {
			r.fail("%d pads for %d dimensions: there must be two for each", len(pads), n)
		}
		before, after := make([]int, len(s)), make([]int, len(s))
		for i := range n {
			at := i
			if axes != nil {
				at = r.axis(axes[i], len(s))
			}
			if pads[i] < 0 || pads[i+n] < 0 {
				r.fail("pads of %v: negative ones are not supported", pads)
			}
			before[at], after[at] = pads[i], pads[i+n]
		}
		if in[0].first {
			turn := func(p []int) []int { return []int{p[0], p[2], p[3], p[1]} }
			return val{v: r.pad(in[0].v, turn(before), turn(after), value), first: true}
		}
		return val{v: r.pad(r.plain(in[0]), before, after, value)}
	}
}
