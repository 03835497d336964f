package onnx

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

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
		r.room(stretched(x.Shape(), to)...)
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
