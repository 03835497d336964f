package onnx

import (
	"slices"
	"sync"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// window reads what pools have in common.
func (k *compiling) window() (kernel, stride int, pads []int) {
	k.inputs(1, 1)
	kernel, stride, pads = k.square("kernel_shape", 0), k.square("strides", 1), k.pads()
	k.must("dilations", k.square("dilations", 1), 1)
	k.must("ceil_mode", k.int("ceil_mode", 0), 0)
	k.int("storage_order", 0)
	if auto := k.text("auto_pad", "NOTSET"); auto != "NOTSET" && auto != "VALID" {
		k.fail("auto_pad %q is not supported", auto)
	}
	if kernel < 1 {
		k.fail("kernel_shape is missing")
	}
	return kernel, stride, pads
}

func importMaxPool(k *compiling) runner {
	kernel, stride, pads := k.window()
	if slices.Min(pads) != slices.Max(pads) {
		k.fail("pads of %v are not supported: they must be alike", pads)
	}
	return func(r *run, in []val) val {
		return val{v: nn.MaxPool2d(r.images(in[0]), kernel, stride, pads[0]), first: true}
	}
}

// importAveragePool is a convolution with weights that do not learn.
func importAveragePool(k *compiling) runner {
	kernel, stride, pads := k.window()
	if include := k.int("count_include_pad", 0); include == 0 && slices.Max(pads) > 0 {
		k.fail("pads of %v that do not count are not supported", pads)
	}
	var means sync.Map // weights by channels
	return func(r *run, in []val) val {
		x := r.images(in[0])
		if slices.Max(pads) > 0 {
			x = r.pad(x, []int{0, pads[0], pads[1], 0}, []int{0, pads[2], pads[3], 0}, 0)
		}
		s := x.Shape()
		if s[1]%kernel == 0 && s[2]%kernel == 0 && stride == kernel {
			return val{v: nn.AdaptiveAvgPool2d(x, s[1]/kernel, s[2]/kernel), first: true}
		}
		if kernel > s[1] || kernel > s[2] || s[3] == 0 {
			r.fail("a kernel of %d on images of shape %v", kernel, s)
		}
		r.room(kernel, kernel, s[3])
		p, ok := means.Load(s[3])
		if !ok {
			w := tensor.New(kernel, kernel, 1, s[3])
			for i := range w.Data() {
				w.Data()[i] = 1 / float32(kernel*kernel)
			}
			p, _ = means.LoadOrStore(s[3], &autograd.Param{Value: w, Frozen: true})
		}
		return val{v: (&nn.Conv2d{Weight: p.(*autograd.Param), Stride: stride, Groups: s[3]}).Forward(x), first: true}
	}
}

func importGlobalAveragePool(k *compiling) runner {
	k.inputs(1, 1)
	return func(r *run, in []val) val {
		x := r.images(in[0])
		y := nn.GlobalAvgPool2d(x)
		return val{v: autograd.Reshape(y, x.Dim(0), 1, 1, x.Dim(3)), first: true}
	}
}

// importSoftmax is of rows along the last dimension.
func importSoftmax(f func(*autograd.Var) *autograd.Var) func(*compiling) runner {
	return func(k *compiling) runner {
		k.inputs(1, 1)
		otherwise := -1
		if k.opset < 13 {
			otherwise = 1
		}
		axis := k.int("axis", otherwise)
		return func(r *run, in []val) val {
			x := r.plain(in[0])
			s := x.Shape()
			if at := r.axis(axis, len(s)); at != len(s)-1 {
				r.fail("softmax along dimension %d of %v is not supported: along the last alone", at, s)
			}
			return val{v: reshaped(f(rowsAlong(x)), s...)}
		}
	}
}

// importReduce reduces by a product with ones, behind the dimensions that stay.
func importReduce(how string, axesInput int64) func(*compiling) runner {
	return func(k *compiling) runner {
		k.inputs(1, 2)
		keep := k.int("keepdims", 1) != 0
		k.must("noop_with_empty_axes", k.int("noop_with_empty_axes", 0), 0)
		axes := k.axes(axesInput, 1)
		return func(r *run, in []val) val {
			s := r.plainShape(in[0])
			reduced := make([]bool, len(s))
			for _, a := range axes {
				reduced[r.axis(a, len(s))] = true
			}
			var order, outer, kept []int
			for i, n := range s {
				switch {
				case reduced[i] || len(axes) == 0:
					if keep {
						kept = append(kept, 1)
					}
				default:
					order, outer, kept = append(order, i), append(outer, n), append(kept, n)
				}
			}
			inner := 1
			for i, n := range s {
				if reduced[i] || len(axes) == 0 {
					order = append(order, i)
					inner *= n
				}
			}
			x := r.plain(in[0])
			if !slices.IsSorted(order) {
				x = autograd.Permute(x, order...)
			}
			x = reshaped(x, tensor.Shape(outer).Len(), inner)
			return val{v: reshaped(reduce(x, how), kept...)}
		}
	}
}

// reduce makes [R] or [R, 1] of rows.
func reduce(x *autograd.Var, how string) *autograd.Var {
	if how == "LogSumExp" {
		return nn.LogSumExp(x)
	}
	weights := tensor.New(1, x.Dim(1))
	for i := range weights.Data() {
		weights.Data()[i] = 1
		if how == "Mean" {
			weights.Data()[i] = 1 / float32(x.Dim(1))
		}
	}
	if how == "L2" {
		x = autograd.Mul(x, x)
	}
	y := autograd.MatMulT(x, x.Tape().Const(weights))
	if how == "L2" {
		y = curve("Sqrt", y, root)
	}
	return y
}
