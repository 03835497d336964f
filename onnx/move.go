package onnx

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// strides are how far values lie apart along each dimension.
func strides(s tensor.Shape) []int {
	all, n := make([]int, len(s)), 1
	for i := len(s) - 1; i >= 0; i-- {
		all[i] = n
		n *= s[i]
	}
	return all
}

// rowsOfBox calls visit for each row along the last dimension of a box of values: with its place in a tensor of the box's shape,
// and in one with the given strides, where the box begins at start and goes in steps.
func rowsOfBox(box tensor.Shape, start int, stride []int, visit func(row, at int)) {
	if box.Len() == 0 {
		return
	}
	index := make([]int, len(box))
	for row, rows := 0, box.Len()/box[len(box)-1]; row < rows; row++ {
		at := start
		for i, n := range index[:len(index)-1] {
			at += n * stride[i]
		}
		visit(row*box[len(box)-1], at)
		for i := len(index) - 2; i >= 0; i-- {
			if index[i]++; index[i] < box[i] {
				break
			}
			index[i] = 0
		}
	}
}

// slice takes a part of each dimension of x.
func slice(x *autograd.Var, cuts []cut) *autograd.Var {
	if len(cuts) == 0 {
		return x
	}
	box, stride, start := make(tensor.Shape, len(cuts)), strides(x.Shape()), 0
	for i, c := range cuts {
		box[i] = (max(c.to-c.from, 0) + c.step - 1) / c.step
		start += c.from * stride[i]
		stride[i] *= c.step
	}
	y, last := x.Tape().Scratch(box...), len(box)-1
	from := x.Value().Data()
	rowsOfBox(box, start, stride, func(row, at int) {
		for j := range box[last] {
			y.Data()[row+j] = from[at+j*stride[last]]
		}
	})
	return autograd.Op("onnx.Slice", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		rowsOfBox(box, start, stride, func(row, at int) {
			for j := range box[last] {
				gx[0].Data()[at+j*stride[last]] += gy.Data()[row+j]
			}
		})
	}).Describe(func() attrs {
		var from, to, axes, steps []int
		for i, c := range cuts {
			if whole := (cut{c.axis, 0, x.Dim(i), 1}); c != whole { // of others, the number of images may be one
				from, to, axes, steps = append(from, c.from), append(to, c.to), append(axes, i), append(steps, c.step)
			}
		}
		return attrs{"from": from, "to": to, "axes": axes, "steps": steps}
	})
}

// pad puts a value around x.
func (r *run) pad(x *autograd.Var, before, after []int, value float64) *autograd.Var {
	box := slices.Clone(x.Shape())
	if len(box) == 0 {
		return x
	}
	out := make(tensor.Shape, len(box))
	for i := range box {
		out[i] = before[i] + box[i] + after[i]
	}
	r.room(out...)
	y, stride, start := x.Tape().Scratch(out...), strides(out), 0
	for i := range y.Data() {
		y.Data()[i] = float32(value)
	}
	for i, n := range before {
		start += n * stride[i]
	}
	from, last := x.Value().Data(), box[len(box)-1]
	rowsOfBox(box, start, stride, func(row, at int) { copy(y.Data()[at:at+last], from[row:]) })
	return autograd.Op("onnx.Pad", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		rowsOfBox(box, start, stride, func(row, at int) {
			for j, g := range gy.Data()[at : at+last] {
				gx[0].Data()[row+j] += g
			}
		})
	}).Describe(func() attrs { return attrs{"pads": slices.Concat(before, after), "value": value} })
}
