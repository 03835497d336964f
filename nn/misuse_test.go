package nn_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func param(shape ...int) *autograd.Param { return autograd.NewParam(tensor.New(shape...)) }

// normOf is a batch norm whose bias and statistics may differ in length from its weight.
func normOf(weight, bias, statistics int) *nn.BatchNorm2d {
	return &nn.BatchNorm2d{Weight: param(weight), Bias: param(bias),
		RunningMean: tensor.New(statistics), RunningVar: tensor.New(statistics)}
}

func TestMisuse(t *testing.T) {
	matrix, images := tensor.Shape{2, 3}, tensor.Shape{2, 4, 4, 3}
	conv := &nn.Conv2d{Weight: param(3, 3, 3, 8), Padding: 1}
	pool := func(k, stride, pad int) nn.Module {
		return nn.Func(func(x *autograd.Var) *autograd.Var { return nn.MaxPool2d(x, k, stride, pad) })
	}
	shortcutA := func(channels, stride int) nn.Module {
		return nn.Func(func(x *autograd.Var) *autograd.Var { return nn.ShortcutA(x, channels, stride) })
	}
	for _, c := range []struct {
		module nn.Module
		input  tensor.Shape
		want   string
	}{
		{&nn.Linear{Weight: param(5, 4)}, matrix, "nn.Linear (weight) [2 3], [5 4]: input and weight [out, in] differ in width"},
		{&nn.Linear{Weight: param(5, 3)}, images, "nn.Linear (weight) [2 4 4 3], [5 3]: input and weight [out, in] differ in width"},
		{&nn.Linear{Weight: param(5, 3), Bias: param(4)}, matrix, "nn.Linear (bias) [2 5], [4]: the bias must be [out]"},
		{&nn.Cosine{Weight: param(5, 4)}, matrix, "nn.Cosine (weight) [2 3], [5 4]: input and weight [classes, in] differ in width"},
		{conv, matrix, "nn.Conv2d (weight) [2 3], [3 3 3 8]: needs images [N, H, W, C] and a weight [KH, KW, I, O]"},
		{conv, tensor.Shape{1, 4, 4, 5}, "nn.Conv2d (weight) [1 4 4 5], [3 3 3 8]: the image has 5 channels, the weight takes 3"},
		{conv, tensor.Shape{1, 0, 4, 3}, "nn.Conv2d (weight) [1 0 4 3], [3 3 3 8]: the kernel is larger than the image padded by 1"},
		{&nn.Conv2d{Weight: param(3, 3, 3, 0), Padding: 1}, images, "nn.Conv2d (weight) [2 4 4 3], [3 3 3 0]: the kernel is empty"},
		{&nn.Conv2d{Weight: param(3, 3, 3, 8), Stride: -1}, images,
			"nn.Conv2d (weight) [2 4 4 3], [3 3 3 8]: stride -1 and padding 0 must not be negative"},
		{&nn.Conv2d{Weight: param(3, 3, 3, 8), Bias: param(3)}, images, "nn.Conv2d (bias) [3 3 3 8], [3]: the bias must be [out]"},
		{normOf(4, 4, 4), images, "nn.BatchNorm2d (weight) [2 4 4 3], [4]: channels and weight [C] differ"},
		{normOf(4, 4, 4), tensor.Shape{4}, "nn.BatchNorm2d (weight) [4], [4]: channels and weight [C] differ"},
		{normOf(3, 2, 3), images, "nn.BatchNorm2d (weight) [3], [2]: bias and running statistics must be [C] as the weight is"},
		{normOf(3, 3, 2), images, "nn.BatchNorm2d (weight) [3], [2]: bias and running statistics must be [C] as the weight is"},
		{&nn.ConvBN{Conv: conv, BN: normOf(7, 7, 7)}, images, "nn.ConvBN (bn.weight) [2 4 4 8], [7]: channels and weight [C] differ"},
		{&nn.ConvBN{Conv: conv, BN: normOf(8, 8, 8)}, matrix,
			"nn.ConvBN (conv.weight) [2 3], [3 3 3 8]: needs images [N, H, W, C] and a weight [KH, KW, I, O]"},
		{&nn.ConvBN{Conv: &nn.Conv2d{Weight: param(1, 1, 3, 8), Bias: param(8)}, BN: normOf(8, 8, 8)}, images,
			"nn.ConvBN (conv.weight): the convolution must have no bias: batch norm adds one"},
		{pool(3, 2, 1), matrix, "nn.MaxPool2d [2 3]: needs images [N, H, W, C]"},
		{pool(2, 2, 2), images, "nn.MaxPool2d [2 4 4 3]: kernel 2, stride 2 and padding 2 do not fit: " +
			"padding is at most half the kernel, the kernel at most the padded image"},
		{pool(7, 2, 1), images, "nn.MaxPool2d [2 4 4 3]: kernel 7, stride 2 and padding 1 do not fit: " +
			"padding is at most half the kernel, the kernel at most the padded image"},
		{nn.Func(nn.GlobalAvgPool2d), matrix, "nn.GlobalAvgPool2d [2 3]: needs images [N, H, W, C]"},
		{shortcutA(8, 2), matrix, "nn.ShortcutA [2 3]: needs images [N, H, W, C]"},
		{shortcutA(2, 1), images, "nn.ShortcutA [2 4 4 3]: stride 1 must be at least 1 and 2 channels no fewer than the input's"},
		{shortcutA(3, 0), images, "nn.ShortcutA [2 4 4 3]: stride 0 must be at least 1 and 3 channels no fewer than the input's"},
		{nn.Func(nn.L2Normalize), images, "nn.L2Normalize [2 4 4 3]: needs a matrix [rows, columns]"},
		{nn.Func(nn.Softmax), images, "nn.Softmax [2 4 4 3]: needs a matrix [rows, columns]"},
		{nn.Func(nn.LogSoftmax), images, "nn.LogSoftmax [2 4 4 3]: needs a matrix [rows, columns]"},
		{nn.Func(nn.LogSumExp), images, "nn.LogSumExp [2 4 4 3]: needs a matrix [rows, columns]"},
	} {
		nn.Name(c.module)
		for _, m := range []autograd.Mode{training, {NoGrad: true}} {
			err := tensor.Try(func() error { c.module.Forward(autograd.NewTape(m).Const(tensor.New(c.input...))); return nil })
			require.EqualError(t, err, c.want)
		}
	}
}

func TestMisusedShortcut(t *testing.T) {
	b := &nn.ConvBN{Conv: &nn.Conv2d{Weight: param(1, 1, 3, 8)}, BN: normOf(8, 8, 8)}
	nn.Name(nn.Sequential{b})
	tape := autograd.NewTape(autograd.Mode{})
	x := tape.Const(tensor.New(1, 2, 2, 3))
	require.EqualError(t, tensor.Try(func() error { b.ForwardAdd(x, x); return nil }),
		"nn.ConvBN (0.conv.weight) [1 2 2 8], [1 2 2 3]: the shortcut's shape is not the output's")
	other := autograd.NewTape(autograd.Mode{}).Const(tensor.New(1, 2, 2, 8))
	require.EqualError(t, tensor.Try(func() error { b.ForwardAdd(x, other); return nil }),
		"nn.ConvBN [1 2 2 3], [1 2 2 8]: the inputs are on different tapes")
}
