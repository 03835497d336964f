package onnx

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Operators that move values, and those that compute with shapes.

// sizes returns whole numbers that are known, as sizes.
func (r *run) sizes(v val) []int {
	if v.ints == nil {
		r.fail("whole numbers are wanted")
	}
	out := make([]int, len(v.ints.v))
	for i, n := range v.ints.v {
		out[i] = clamp(n)
	}
	return out
}

func importReshape(k *compiling) runner {
	k.inputs(2, 2)
	k.must("allowzero", k.int("allowzero", 0), 0)
	return func(r *run, in []val) val {
		to, from := r.sizes(in[1]), in[0].shapeOrNone()
		known, free := 1.0, -1
		for i, n := range to {
			if n == 0 && i < len(from) {
				to[i] = from[i]
			}
			switch {
			case to[i] == -1 && free < 0:
				free = i
				continue
			case to[i] < 0:
				r.fail("a shape of %v", to)
			}
			known *= float64(to[i])
		}
		all := from.Len()
		if free >= 0 && known > 0 && known <= float64(all) {
			to[free] = all / int(known)
			known *= float64(to[free])
		}
		if known != float64(all) || slices.Contains(to, -1) {
			r.fail("values of shape %v do not fill %v", from, to)
		}
		return r.shaped(in[0], to)
	}
}

// shaped gives a value another shape with as many values.
func (r *run) shaped(v val, to []int) val {
	if v.ints != nil {
		return val{ints: &wholes{v.ints.v, to}}
	}
	if v.first && len(to) == 2 && v.v.Dim(1)*v.v.Dim(2) == 1 { // one pixel: the order is the same
		return val{v: reshaped(v.v, to...)}
	}
	return val{v: reshaped(r.plain(v), to...)}
}

func importFlatten(k *compiling) runner {
	k.inputs(1, 1)
	axis := k.int("axis", 1)
	return func(r *run, in []val) val {
		s := r.plainShape(in[0])
		at := axis
		if at != len(s) {
			at = r.axis(axis, len(s))
		}
		return r.shaped(in[0], []int{s[:at].Len(), s[at:].Len()})
	}
}

func importTranspose(k *compiling) runner {
	k.inputs(1, 1)
	perm := k.ints("perm")
	return func(r *run, in []val) val {
		s := r.plainShape(in[0])
		order := slices.Clone(perm)
		if order == nil {
			for i := range s {
				order = append(order, len(s)-1-i)
			}
		}
		switch {
		case in[0].first && slices.Equal(order, []int{0, 2, 3, 1}):
			return val{v: in[0].v}
		case !in[0].first && slices.Equal(order, []int{0, 3, 1, 2}) && len(s) == 4:
			return val{v: in[0].v, first: true}
		}
		return val{v: autograd.Permute(r.plain(in[0]), order...)}
	}
}

func importSqueeze(k *compiling) runner {
	k.inputs(1, 2)
	axes := k.axes(13, 1)
	return func(r *run, in []val) val {
		s := in[0].shapeOrNone()
		drop := make([]bool, len(s))
		for _, a := range axes {
			drop[r.axis(a, len(s))] = true
		}
		to := []int{}
		for i, n := range s {
			switch {
			case drop[i] && n != 1:
				r.fail("dimension %d of %v is not 1", i, s)
			case !drop[i] && (len(axes) > 0 || n != 1):
				to = append(to, n)
			}
		}
		return r.shaped(in[0], to)
	}
}

func importUnsqueeze(k *compiling) runner {
	k.inputs(1, 2)
	axes := k.axes(13, 1)
	return func(r *run, in []val) val {
		s := in[0].shapeOrNone()
		added := make([]bool, len(s)+len(axes))
		for _, a := range axes {
			added[r.axis(a, len(added))] = true
		}
		to := []int{}
		for _, one := range added {
			if one {
				to = append(to, 1)
			} else if len(s) > 0 {
				to, s = append(to, s[0]), s[1:]
			}
		}
		return r.shaped(in[0], to)
	}
}

func importConcat(k *compiling) runner {
	k.inputs(1, 1<<20)
	axis := k.int("axis", 0)
	for i := range k.node.in {
		k.token(i)
	}
	return func(r *run, in []val) val {
		if in[0].ints != nil {
			return r.wholeConcat(in)
		}
		first, rank := true, len(in[0].shapeOrNone())
		for _, v := range in {
			first = first && v.first
		}
		at := r.axis(axis, rank)
		if first {
			at = []int{0, 3, 1, 2}[at]
		}
		total := 0
		for _, v := range in {
			total += v.shapeOrNone().Len()
		}
		r.room(total)
		all := make([]*autograd.Var, len(in))
		for i, v := range in {
			if all[i] = v.v; !first {
				all[i] = r.plain(v)
			}
			if len(all[i].Shape()) != rank {
				r.fail("values of shapes %v and %v do not join", in[0].shape(), v.shape())
			}
		}
		return val{v: along(at, rank, func() *autograd.Var {
			for i := range all {
				all[i] = toFront(all[i], at)
			}
			return autograd.Concat(all...)
		}), first: first}
	}
}

// token makes an input that is in the file a parameter: what is joined with features, such as a class token, is learnt.
func (k *compiling) token(i int) {
	if k.fixed(i) && k.arrays[k.node.in[i]].from.kind == float32s {
		if err := k.train(k.node.in[i]); err != nil {
			k.fail("%w", err)
		}
	}
}

// toFront moves a dimension to the first place.
func toFront(x *autograd.Var, axis int) *autograd.Var {
	if axis == 0 {
		return x
	}
	order := []int{axis}
	for i := range x.Shape() {
		if i != axis {
			order = append(order, i)
		}
	}
	return autograd.Permute(x, order...)
}

// along moves the first dimension of what f returns to its place.
func along(axis, rank int, f func() *autograd.Var) *autograd.Var {
	y := f()
	if axis == 0 {
		return y
	}
	order := make([]int, 0, rank)
	for i := 1; i < rank; i++ {
		order = append(order, i)
	}
	return autograd.Permute(y, slices.Insert(order, axis, 0)...)
}

func (r *run) wholeConcat(in []val) val {
	y := &wholes{}
	for _, v := range in {
		if v.ints == nil || len(v.ints.shape) != 1 {
			r.fail("vectors of whole numbers are wanted")
		}
		y.v = append(y.v, v.ints.v...)
	}
	r.room(len(y.v))
	y.shape = tensor.Shape{len(y.v)}
	return val{ints: y}
}

// importGather takes rows along a dimension; one row alone drops it.
func importGather(k *compiling) runner {
	k.inputs(2, 2)
	axis := k.int("axis", 0)
	return func(r *run, in []val) val {
		if in[1].ints == nil || len(in[1].ints.shape) > 1 {
			r.fail("indices must be a vector of whole numbers")
		}
		s := in[0].shapeOrNone()
		at := r.axis(axis, len(s))
		rows := r.sizes(in[1])
		for i := range rows {
			if rows[i] < 0 {
				rows[i] += s[at]
			}
			if rows[i] < 0 || rows[i] >= s[at] {
				r.fail("there is no row %d of %v along dimension %d", rows[i], s, at)
			}
		}
		to := slices.Clone(s)
		to[at] = len(rows)
		r.room(to...)
		if len(in[1].ints.shape) == 0 {
			to = slices.Delete(to, at, at+1)
		}
		if in[0].ints != nil {
			y := &wholes{shape: to}
			if len(s) != 1 {
				r.fail("whole numbers of shape %v: vectors are supported", s)
			}
			for _, row := range rows {
				y.v = append(y.v, in[0].ints.v[row])
			}
			return val{ints: y}
		}
		y := along(at, len(s), func() *autograd.Var { return autograd.Gather(toFront(r.plain(in[0]), at), rows) })
		return val{v: reshaped(y, to...)}
	}
}

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

func importShape(k *compiling) runner {
	k.inputs(1, 1)
	start, end := k.int("start", 0), k.int("end", math.MaxInt32)
	return func(r *run, in []val) val {
		s := in[0].shapeOrNone()
		y := &wholes{}
		for _, n := range s[within(start, len(s)):max(within(start, len(s)), within(end, len(s)))] {
			y.v = append(y.v, int64(n))
		}
		y.shape = tensor.Shape{len(y.v)}
		return val{ints: y}
	}
}

func importExpand(k *compiling) runner {
	if k.inputs(2, 2) {
		k.token(0)
	}
	return func(r *run, in []val) val {
		x, to := r.plain(in[0]), r.sizes(in[1])
		for _, n := range to {
			if n < 1 {
				r.fail("a shape of %v", to)
			}
		}
		r.room(to...)
		ones := r.tape.Scratch(to...)
		for i := range ones.Data() {
			ones.Data()[i] = 1
		}
		return val{v: autograd.MulBroadcast(x, r.tape.Const(ones))}
	}
}

func importConstantOfShape(k *compiling) runner {
	k.inputs(1, 1)
	value := &array{kind: float32s, floats: []float32{0}, dims: []int64{1}}
	if a, ok := k.attribute("value", isTensor); ok && a.t != nil {
		value = a.t
	}
	if n, err := value.count(); err != nil || n != 1 {
		k.fail("the value must be one number")
		return nil
	}
	isWhole := false
	var number float64
	if v, err := value.whole(); err == nil {
		isWhole, number = true, float64(v[0])
	} else if x, err := value.float32s(); err == nil {
		number = float64(x.Data()[0])
	} else {
		k.fail("%w", err)
	}
	return func(r *run, in []val) val {
		to := r.sizes(in[0])
		for _, n := range to {
			if n < 0 {
				r.fail("a shape of %v", to)
			}
		}
		r.room(to...)
		if isWhole {
			return val{ints: &wholes{slices.Repeat([]int64{int64(number)}, tensor.Shape(to).Len()), to}}
		}
		y := r.tape.Scratch(to...)
		for i := range y.Data() {
			y.Data()[i] = float32(number)
		}
		return val{v: r.tape.Const(y)}
	}
}
