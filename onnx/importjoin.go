package onnx

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

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
