package onnx

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
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
