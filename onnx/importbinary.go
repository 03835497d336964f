package onnx

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

func importBinary(op string) func(*compiling) runner {
	return func(k *compiling) runner {
		if !k.inputs(2, 2) {
			return nil
		}
		for i := range 2 { // weights of a layer, not a normalisation of the input
			if other := k.node.in[1-i]; k.fixed(i) && k.behind[other] && (op == "Add" || op == "Mul") {
				if a := k.arrays[k.node.in[i]].from; a.kind == float32s && len(a.dims) > 0 {
					if err := k.train(a.name); err != nil {
						k.fail("%w", err)
					}
				}
			}
		}
		return func(r *run, in []val) val {
			if in[0].ints != nil && in[1].ints != nil {
				return r.wholeBinary(op, in[0].ints, in[1].ints)
			}
			a, b, first := r.together(in[0], in[1])
			r.room(stretched(a.Shape(), b.Shape())...)
			return val{v: combine(op, a, b), first: first}
		}
	}
}

// together gives two values an order of dimensions in which one stretches to the other.
func (r *run) together(x, y val) (a, b *autograd.Var, first bool) {
	if !x.first && !y.first {
		return r.plain(x), r.plain(y), false
	}
	for _, v := range []*val{&x, &y} {
		s := r.plainShape(*v)
		switch {
		case len(s) > 4:
			return r.plain(x), r.plain(y), false
		case len(s) < 4:
			v.v = reshaped(r.plain(*v), append(slices.Repeat([]int{1}, 4-len(s)), s...)...)
			v.first = false
		}
	}
	return r.images(x), r.images(y), true
}

func (r *run) plainShape(v val) tensor.Shape {
	if v.v == nil {
		r.plain(v)
	}
	return v.shape()
}

// stretched is at least as large as what shapes stretch to.
func stretched(a, b tensor.Shape) []int {
	if len(a) < len(b) {
		a, b = b, a
	}
	s := slices.Clone(a)
	for i, n := range b {
		at := len(a) - len(b) + i
		s[at] = max(s[at], n)
	}
	return s
}

func combine(op string, a, b *autograd.Var) *autograd.Var {
	if op == "Div" {
		op, b = "Mul", curve("Reciprocal", b, reciprocal)
	}
	same := a.Shape().Equal(b.Shape())
	switch {
	case op == "Add" && same:
		return autograd.Add(a, b)
	case op == "Sub" && same:
		return autograd.Sub(a, b)
	case op == "Mul" && same:
		return autograd.Mul(a, b)
	case op == "Add":
		return autograd.AddBroadcast(a, b)
	case op == "Sub":
		return autograd.AddBroadcast(a, autograd.Scale(b, -1))
	}
	return autograd.MulBroadcast(a, b)
}

// wholeBinary computes with shapes.
func (r *run) wholeBinary(op string, a, b *wholes) val {
	if len(a.v) != len(b.v) && len(a.v) != 1 && len(b.v) != 1 || len(a.v) == 0 || len(b.v) == 0 {
		r.fail("whole numbers of shapes %v and %v", a.shape, b.shape)
	}
	long := a
	if len(b.v) > len(a.v) || len(b.shape) > len(a.shape) {
		long = b
	}
	y := &wholes{make([]int64, len(long.v)), long.shape}
	for i := range y.v {
		p, q := a.v[i%len(a.v)], b.v[i%len(b.v)]
		switch {
		case op == "Add":
			y.v[i] = p + q
		case op == "Sub":
			y.v[i] = p - q
		case op == "Mul":
			y.v[i] = p * q
		case q == 0:
			r.fail("division by 0")
		default:
			y.v[i] = p / q
		}
	}
	return val{ints: y}
}
