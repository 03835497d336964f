package nn

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

func images(op string, x *autograd.Var) (n, h, w, c int) {
	s := x.Shape()
	if len(s) != 4 {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{s}, Detail: "needs images [N, H, W, C]"})
	}
	return s[0], s[1], s[2], s[3]
}

// MaxPool2d returns the largest value under each kernel×kernel window of x [N, H, W, C]; padding counts as −Inf.
func MaxPool2d(x *autograd.Var, kernel, stride, padding int) *autograd.Var {
	n, h, w, c := images("nn.MaxPool2d", x)
	if kernel < 1 || kernel > mostPixels || stride < 1 || padding < 0 || padding > kernel-padding || h+2*padding < kernel || w+2*padding < kernel {
		panic(&tensor.Error{Op: "nn.MaxPool2d", Shapes: []tensor.Shape{x.Shape()},
			Detail: fmt.Sprintf("kernel %d, stride %d and padding %d do not fit: padding is at most half the kernel, the kernel at most the padded image", kernel, stride, padding)})
	}
	oh, ow := (h+2*padding-kernel)/stride+1, (w+2*padding-kernel)/stride+1
	t := x.Tape()
	y := t.Scratch(n, oh, ow, c)
	var memory *tensor.Tensor // of argmax
	var argmax []int32
	if x.NeedsGrad() {
		memory = t.Scratch(n, oh, ow, c)
		argmax = kernels.Int32s(memory.Data())
	}
	kernels.MaxPool(x.Peek().Data(), n, h, w, c, kernel, stride, padding, y.Data(), argmax)
	return autograd.Op("nn.MaxPool2d", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.MaxPoolGrad(gy.Data(), argmax, n, h, w, c, kernel, stride, padding, gx[0].Data())
		t.Free(memory)
	}).Describe(func() autograd.Attributes {
		return autograd.Attributes{"kernel": kernel, "stride": stride, "padding": padding}
	})
}

// GlobalAvgPool2d returns the mean over rows and columns of x [N, H, W, C]: [N, C].
func GlobalAvgPool2d(x *autograd.Var) *autograd.Var {
	n, h, w, c := images("nn.GlobalAvgPool2d", x)
	y := x.Tape().Scratch(n, c)
	kernels.GlobalAvgPool(x.Peek().Data(), n, h, w, c, y.Data())
	return autograd.Op("nn.GlobalAvgPool2d", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.GlobalAvgPoolGrad(gy.Data(), n, h, w, c, gx[0].Data())
	})
}

// AdaptiveAvgPool2d returns means over windows of x [N, H, W, C] that cut it into height×width parts: [N, height, width, C].
// Where the sizes do not divide, windows overlap: that of row i begins at ⌊i·H/height⌋ and ends before ⌈(i+1)·H/height⌉.
// The image may be smaller than the result.
func AdaptiveAvgPool2d(x *autograd.Var, height, width int) *autograd.Var {
	const op = "nn.AdaptiveAvgPool2d"
	n, h, w, c := images(op, x)
	if height < 1 || width < 1 || h < 1 || w < 1 {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{x.Shape()},
			Detail: fmt.Sprintf("the image and the result, %d×%d, must have at least one pixel", height, width)})
	}
	y := x.Tape().Scratch(n, height, width, c)
	kernels.AdaptiveAvgPool(x.Peek().Data(), n, h, w, c, height, width, y.Data())
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.AdaptiveAvgPoolGrad(gy.Data(), n, h, w, c, height, width, gx[0].Data())
	})
}

// ShortcutA is the shortcut without parameters of CIFAR ResNets (arXiv 1512.03385, option A): every stride-th row and
// column of x [N, H, W, C], with channels of zeros added, half before and half after, up to the given number.
func ShortcutA(x *autograd.Var, channels, stride int) *autograd.Var {
	n, h, w, c := images("nn.ShortcutA", x)
	if stride < 1 || stride > mostPixels || channels < c {
		panic(&tensor.Error{Op: "nn.ShortcutA", Shapes: []tensor.Shape{x.Shape()},
			Detail: fmt.Sprintf("stride %d must be at least 1 and %d channels no fewer than the input's", stride, channels)})
	}
	if stride == 1 && channels == c {
		return x
	}
	y := x.Tape().Scratch(n, (h+stride-1)/stride, (w+stride-1)/stride, channels)
	write := func(y *tensor.Tensor) { kernels.PadStride(y.Data(), x.Peek().Data(), n, h, w, c, stride, channels) }
	write(y)
	out := autograd.Op("nn.ShortcutA", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.PadStrideGrad(gx[0].Data(), gy.Data(), n, h, w, c, stride, channels)
	})
	if x.Tape().Mode().Precision == autograd.BFloat16 { // in which sums are kept, and need no shortcut once more
		out.Renewable(write, nil)
	}
	return out.Describe(func() autograd.Attributes { return autograd.Attributes{"stride": stride} })
}
