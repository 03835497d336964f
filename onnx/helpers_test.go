package onnx_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// shaken sets what begins as zeros and ones to other values, so that nothing is left out unseen.
func shaken(n *hybrid.Network) *hybrid.Network {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, x := range nn.Tensors(n) {
		if len(x.Shape()) != 1 {
			continue
		}
		for i := range x.Data() {
			x.Data()[i] += 0.5 * rng.Float32()
		}
	}
	return n
}

func network(t testing.TB, b backbone.Backbone, err error, opts ...hybrid.Option) *hybrid.Network {
	t.Helper()
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(b, 5, append([]hybrid.Option{hybrid.WithInput(16, 16, 3), hybrid.WithSeed(1)}, opts...)...)
	require.NoError(t, err)
	return shaken(n)
}

func cifar(t testing.TB, s backbone.CIFARResNetSettings, opts ...hybrid.Option) *hybrid.Network {
	b, err := backbone.NewCIFARResNet(s)
	return network(t, b, err, opts...)
}

// modules is a backbone of layers that this library's backbones do not have: every operation that networks may use.
func modules(t testing.TB) *hybrid.Network {
	seed := rand.New(rand.NewPCG(3, 4))
	conv := func(in, out, kernel, groups int, bias bool) *nn.Conv2d {
		return nn.NewConv2d(nn.Conv2dSettings{In: in, Out: out, Kernel: kernel, Padding: kernel / 2, Groups: groups, Bias: bias, Rand: seed})
	}
	return network(t, backbone.Func{Dim: 12, Module: nn.Sequential{
		conv(3, 8, 3, 1, true), nn.NewBatchNorm2d(8), nn.Func(nn.GELU), conv(8, 8, 3, 8, false), nn.Func(nn.SiLU),
		nn.NewLayerNorm(8), nn.Func(nn.GELUTanh), nn.Func(func(x *autograd.Var) *autograd.Var { return nn.MaxPool2d(x, 2, 2, 0) }),
		squeeze{nn.NewLinear(nn.LinearSettings{In: 8, Out: 8, Rand: seed})}, nn.NewBatchNorm2d(8), nn.Dropout{},
		nn.Func(func(x *autograd.Var) *autograd.Var { return nn.AdaptiveAvgPool2d(x, 3, 3) }),
		nn.Func(attention), nn.NewBatchNorm2d(72), nn.NewLinear(nn.LinearSettings{In: 72, Out: 12, NoBias: true, Rand: seed}), nn.Func(nn.Tanh),
		&nn.LayerNorm{}, nn.Func(odds),
	}}, nil)
}

// squeeze weighs channels by what a layer makes of their means (arXiv 1709.01507).
type squeeze struct{ *nn.Linear }

func (s squeeze) Forward(x *autograd.Var) *autograd.Var {
	w := nn.Sigmoid(s.Linear.Forward(nn.GlobalAvgPool2d(x)))
	return autograd.MulBroadcast(x, autograd.Reshape(w, x.Dim(0), 1, 1, x.Dim(3)))
}

// attention lets the pixels of an image see each other.
func attention(x *autograd.Var) *autograd.Var {
	n, pixels, c := x.Dim(0), x.Dim(1)*x.Dim(2), x.Dim(3)
	v := autograd.Reshape(x, n, pixels, c)
	similar := autograd.Scale(autograd.BatchMatMulT(v, v), 1/math.Sqrt(float64(c)))
	weights := autograd.Reshape(nn.Softmax(autograd.Reshape(similar, n*pixels, pixels)), n, pixels, pixels)
	v = autograd.Permute(autograd.BatchMatMul(weights, v), 0, 2, 1)
	return autograd.Reshape(autograd.Transpose(autograd.Add(v, autograd.Exp(autograd.Scale(v, 0.1)))), n, pixels*c)
}

// odds ends a network in what is left.
func odds(x *autograd.Var) *autograd.Var {
	t := x.Tape()
	row := tensor.New(12)
	for i := range row.Data() {
		row.Data()[i] = float32(i) / 10
	}
	x = autograd.Sub(x, autograd.Mul(x, nn.Softmax(x)))
	x = autograd.AddBroadcast(x, t.Const(row))
	w := autograd.Gather(t.Const(tensor.New(2, 12)), []int{1, 0})
	s := autograd.MatMul(x, autograd.Transpose(w))
	s = autograd.Columns(s, autograd.Reshape(nn.LogSumExp(x), x.Dim(0), 1))
	return autograd.AddBroadcast(nn.LogSoftmax(x), autograd.Log(autograd.Exp(autograd.Reshape(autograd.MatMul(s, t.Const(ones(3, 1))), x.Dim(0), 1))))
}

func ones(shape ...int) *tensor.Tensor {
	x := tensor.New(shape...)
	for i := range x.Data() {
		x.Data()[i] = 1
	}
	return x
}

// named is a network with a name for a test.
type named struct {
	name string
	of   *hybrid.Network
}

// networks are small ones of every backbone and head.
func networks(t testing.TB) []named {
	resnet := func(s backbone.ResNetSettings) *hybrid.Network {
		s.Width = 8
		b, err := backbone.NewResNet(s)
		return network(t, b, err, hybrid.WithInput(33, 40, 3))
	}
	mlp, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{16 * 16 * 3, 24, 12}})
	flat, flatErr := backbone.NewMLP(backbone.MLPSettings{Widths: []int{20}})
	return []named{
		{"cifar-resnet", cifar(t, backbone.CIFARResNetSettings{Depth: 14, Width: 5})},
		{"projection shortcuts", cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 4, Projection: true}, hybrid.WithInput(15, 10, 3))},
		{"branches", cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 4, Branches: 3})},
		{"one channel", cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 4, Channels: 1}, hybrid.WithInput(9, 9, 1))},
		{"cosine", cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 4}, hybrid.WithClassifier(nn.NewCosine(nn.CosineSettings{In: 16, Classes: 5, Scale: 20, Seed: 4})))},
		{"resnet18", resnet(backbone.ResNetSettings{Depth: 18})},
		{"resnet50", resnet(backbone.ResNetSettings{Depth: 50})},
		{"resnext50", resnet(backbone.ResNetSettings{Depth: 50, Groups: 4, GroupWidth: 4, Branches: 2})},
		{"mlp", network(t, mlp, err)},
		{"features", network(t, flat, flatErr, hybrid.WithFeatures(20))},
		{"modules", modules(t)},
	}
}

// samples are random ones of a network.
func samples(n *hybrid.Network, rows int) *tensor.Tensor {
	x := tensor.New(n.Input().Batch(rows)...)
	rng := rand.New(rand.NewPCG(7, uint64(rows)))
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	return x
}

// results are the logits, and the unit embeddings.
func results(t testing.TB, n *hybrid.Network, x *tensor.Tensor) (logits, embeddings *tensor.Tensor) {
	t.Helper()
	require.NoError(t, tensor.Try(func() error {
		f := n.Features(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x))
		logits = n.Logits(f).Value()
		if n.Projection != nil {
			embeddings = n.Embed(f).Value()
		}
		return nil
	}))
	return logits, embeddings
}

// requireClose compares relative to the largest value.
func requireClose(t testing.TB, want, is []float32, within float64) {
	t.Helper()
	require.Len(t, is, len(want))
	largest, off := 0.0, 0.0
	for i := range want {
		largest = max(largest, math.Abs(float64(want[i])))
		off = max(off, math.Abs(float64(want[i])-float64(is[i])))
	}
	require.Positive(t, largest)
	require.LessOrEqual(t, off/largest, within)
}

// channelsFirst is [N, C, H, W] of images [N, H, W, C].
func channelsFirst(x *tensor.Tensor) *tensor.Tensor {
	n, h, w, c := x.Dim(0), x.Dim(1), x.Dim(2), x.Dim(3)
	y := tensor.New(n, c, h, w)
	for i, v := range x.Data() {
		image, pixel, channel := i/(h*w*c), i/c%(h*w), i%c
		y.Data()[(image*c+channel)*h*w+pixel] = v
	}
	return y
}
