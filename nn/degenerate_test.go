package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

var (
	nan = float32(math.NaN())
	inf = float32(math.Inf(1))
)

func from(t testing.TB, v []float32, shape ...int) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v, shape...)
	require.NoError(t, err)
	return x
}

// backward runs f on x and returns its value and the gradient of x, from an upstream gradient of random values.
func backward(m autograd.Mode, x *tensor.Tensor, f func(*autograd.Var) *autograd.Var) (
	y, dx *tensor.Tensor, tape *autograd.Tape) {
	p := autograd.NewParam(x)
	tape = autograd.NewTape(m)
	v := f(tape.Param(p))
	tape.Backward(v, gradtest.Normal(99, 1, v.Shape()...))
	if p.Grad == nil {
		p.Grad = tensor.New(x.Shape()...)
	}
	return v.Value(), p.Grad, tape
}

func requireFinite(t testing.TB, x *tensor.Tensor, what string) {
	t.Helper()
	for i, v := range x.Data() {
		require.False(t, math.IsNaN(float64(v)) || math.IsInf(float64(v), 0), "%s[%d] = %v", what, i, v)
	}
}

// smallNet has every kind of layer for images [N, 6, 6, 3].
func smallNet() nn.Sequential {
	rng := rand.New(rand.NewPCG(1, 1))
	return nn.Sequential{
		nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 8, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}),
		nn.Func(func(x *autograd.Var) *autograd.Var { return nn.MaxPool2d(x, 3, 2, 1) }),
		nn.NewConv2d(nn.Conv2dSettings{In: 8, Out: 8, Kernel: 3, Padding: 1, Rand: rng}), nn.NewBatchNorm2d(8), nn.Func(nn.ReLU),
		nn.Func(func(x *autograd.Var) *autograd.Var { return nn.ShortcutA(x, 16, 2) }),
		nn.Func(nn.GlobalAvgPool2d), nn.NewLinear(nn.LinearSettings{In: 16, Out: 8, Rand: rng}), nn.Func(nn.Tanh), nn.Func(nn.L2Normalize), nn.NewCosine(nn.CosineSettings{In: 8, Classes: 4, Rand: rng}),
	}
}

func TestBatchOfOne(t *testing.T) {
	for _, m := range []autograd.Mode{training, {}} {
		y, dx, _ := backward(m, gradtest.Normal(1, 1, 1, 6, 6, 3), smallNet().Forward)
		require.Equal(t, tensor.Shape{1, 4}, y.Shape())
		requireFinite(t, y, "y")
		requireFinite(t, dx, "dx")
	}
}

func TestEmptyBatch(t *testing.T) {
	for _, m := range []autograd.Mode{training, {}, {Train: true, NoGrad: true}} {
		net := smallNet()
		net[0].(*nn.ConvBN).BN, net[3] = randomNorm(8), randomNorm(8)
		before := tensorCopies(net)
		y, dx, tape := backward(m, tensor.New(0, 6, 6, 3), net.Forward)
		tape.Commit()
		require.Equal(t, tensor.Shape{0, 4}, y.Shape())
		require.Equal(t, tensor.Shape{0, 6, 6, 3}, dx.Shape())
		require.Equal(t, before, tensorCopies(net), "nothing moves the running statistics")
		for _, e := range nn.Params(net) {
			if e.Param.Grad != nil {
				require.Equal(t, make([]float32, e.Param.Value.Len()), e.Param.Grad.Data(), e.Path)
			}
		}
	}
	for _, f := range []func(*autograd.Var) *autograd.Var{nn.Softmax, nn.LogSoftmax, nn.LogSumExp, nn.L2Normalize} {
		for _, shape := range []tensor.Shape{{0, 3}, {3, 0}, {0, 0}} {
			y, _, _ := backward(autograd.Mode{}, tensor.New(shape...), f)
			require.Equal(t, shape[0], y.Dim(0))
		}
	}
}

// tensorCopies returns the values of all state of m.
func tensorCopies(m nn.Visitable) (all [][]float32) {
	for _, x := range nn.Tensors(m) {
		all = append(all, x.Clone().Data())
	}
	return all
}

func TestL2NormalizeOfZero(t *testing.T) {
	x := from(t, []float32{0, 0, 0, 3, 0, 4, 1e-20, 0, 0, 3e30, 0, 4e30}, 4, 3)
	y, dx, _ := backward(autograd.Mode{}, x, nn.L2Normalize)
	require.Equal(t, []float32{0, 0, 0}, y.Data()[:3])
	require.Equal(t, make([]float32, 3), dx.Data()[:3], "no gradient at zero")
	require.InDeltaSlice(t, []float32{0.6, 0, 0.8}, y.Data()[3:6], 1e-6)
	require.InDelta(t, 1e-8, y.Data()[6], 1e-13, "divided by the least norm")
	require.Equal(t, make([]float32, 3), dx.Data()[6:9])
	require.InDeltaSlice(t, []float32{0.6, 0, 0.8}, y.Data()[9:], 1e-6, "squares beyond float32")
	requireFinite(t, dx, "dx")
}

func TestHugeLogits(t *testing.T) {
	x := from(t, []float32{1e4, -1e4, 0, 1e30, 1e30, -1e30, -1e30, -1e30, -1e30}, 3, 3)
	third := float32(1) / 3
	softmax, dx, _ := backward(autograd.Mode{}, x, nn.Softmax)
	require.Equal(t, []float32{1, 0, 0, 0.5, 0.5, 0, third, third, third}, softmax.Data())
	requireFinite(t, dx, "gradient of Softmax")

	logSoftmax, dx, _ := backward(autograd.Mode{}, x, nn.LogSoftmax)
	require.Equal(t, []float32{0, -2e4, -1e4}, logSoftmax.Data()[:3])
	requireFinite(t, logSoftmax, "LogSoftmax")
	requireFinite(t, dx, "gradient of LogSoftmax")

	lse, dx, _ := backward(autograd.Mode{}, x, nn.LogSumExp)
	require.Equal(t, []float32{1e4, 1e30, -1e30}, lse.Data())
	requireFinite(t, dx, "gradient of LogSumExp")

	y, dx, _ := backward(autograd.Mode{}, x, nn.Sigmoid)
	require.Equal(t, []float32{1, 0, 0.5, 1, 1, 0, 0, 0, 0}, y.Data())
	requireFinite(t, dx, "gradient of Sigmoid")
	y, dx, _ = backward(autograd.Mode{}, x, nn.Tanh)
	require.Equal(t, []float32{1, -1, 0, 1, 1, -1, -1, -1, -1}, y.Data())
	requireFinite(t, dx, "gradient of Tanh")
}

func TestRowsOfNothingButMasks(t *testing.T) {
	x := from(t, []float32{-inf, -inf, -inf, 2}, 2, 2)
	y, dx, _ := backward(autograd.Mode{}, x, nn.LogSumExp)
	require.Equal(t, []float32{-inf, 2}, y.Data())
	require.Equal(t, make([]float32, 3), dx.Data()[:3], "no gradient of masked entries")
	require.NotZero(t, dx.Data()[3])

	p, tape := autograd.NewParam(x), autograd.NewTape(autograd.Mode{})
	tape.Backward(nn.LogSumExp(tape.Param(p)), from(t, []float32{nan, 1}, 2))
	require.Equal(t, []float32{0, 0, 0, 1}, p.Grad.Data(), "not even of a gradient that is NaN")

	y, dx, _ = backward(autograd.Mode{}, x, nn.Softmax)
	require.Equal(t, []float32{0, 0, 0, 1}, y.Data())
	requireFinite(t, dx, "gradient of Softmax")
}

// A NaN must reach the loss, where training looks for it: it may not be lost on the way.
func TestNaNPropagates(t *testing.T) {
	isNaN := func(v float32) bool { return v != v }
	image := func() *tensor.Tensor { // two images; a NaN in channel 1 of pixel (1, 1) of the first
		x := gradtest.Normal(1, 1, 2, 4, 4, 3)
		x.Data()[(1*4+1)*3+1] = nan
		return x
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for _, m := range []autograd.Mode{training, {}} {
		conv, _, _ := backward(m, image(), nn.NewConv2d(nn.Conv2dSettings{In: 3, Out: 5, Kernel: 3, Padding: 1, Rand: rng}).Forward)
		for i, v := range conv.Data() {
			n, y, x := i/80, i/20%4, i/5%4
			if n == 0 && y <= 2 && x <= 2 {
				require.True(t, isNaN(v), "pixel (%d, %d) of the convolution", y, x)
			} else if n == 1 {
				require.False(t, isNaN(v), "the other image")
			}
		}
		bn, _, _ := backward(m, image(), nn.NewBatchNorm2d(3).Forward)
		for i, v := range bn.Data() {
			require.Equal(t, i%3 == 1 && (m.Train || i == 16), isNaN(v), "entry %d of batch norm", i)
		}
		joint, _, _ := backward(m, image(), nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 5, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}).Forward)
		require.True(t, isNaN(joint.Data()[0]))
	}
	for name, f := range map[string]func(*autograd.Var) *autograd.Var{
		"ReLU": nn.ReLU, "Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh, "GlobalAvgPool2d": nn.GlobalAvgPool2d,
		"MaxPool2d": func(x *autograd.Var) *autograd.Var { return nn.MaxPool2d(x, 2, 2, 0) },
		"ShortcutA": func(x *autograd.Var) *autograd.Var { return nn.ShortcutA(x, 3, 1) },
	} {
		y, _, _ := backward(autograd.Mode{}, image(), f)
		found := 0
		for _, v := range y.Data() {
			if isNaN(v) {
				found++
			}
		}
		require.Equal(t, 1, found, name)
	}
	row := from(t, []float32{1, nan, 2, 0, 0, 0}, 2, 3)
	for name, f := range map[string]func(*autograd.Var) *autograd.Var{
		"Softmax": nn.Softmax, "LogSoftmax": nn.LogSoftmax, "LogSumExp": nn.LogSumExp, "L2Normalize": nn.L2Normalize,
		"Linear": nn.NewLinear(nn.LinearSettings{In: 3, Out: 2, Rand: rng}).Forward, "Cosine": nn.NewCosine(nn.CosineSettings{In: 3, Classes: 2, Rand: rng}).Forward,
	} {
		y, dx, _ := backward(autograd.Mode{}, row.Clone(), f)
		require.True(t, isNaN(y.Data()[0]), name)
		require.False(t, isNaN(y.Data()[y.Len()-1]), "%s: the other row", name)
		require.False(t, isNaN(dx.Data()[5]), "%s: the gradient of the other row", name)
	}
	broken := nn.NewLinear(nn.LinearSettings{In: 3, Out: 2, Rand: rng})
	broken.Weight.Value.Data()[0] = nan
	y, _, _ := backward(autograd.Mode{}, tensor.New(1, 3), broken.Forward)
	require.True(t, isNaN(y.Data()[0]), "a weight of NaN times an input of zero")
}

func TestNoGradGivesTheSameValues(t *testing.T) {
	net, x := smallNet(), gradtest.Normal(1, 1, 5, 6, 6, 3)
	shortcut := gradtest.Normal(2, 1, 5, 6, 6, 8)
	for _, train := range []bool{false, true} {
		run := func(noGrad bool) (y, joined []float32) {
			tape := autograd.NewTape(autograd.Mode{Train: train, NoGrad: noGrad})
			in := tape.Const(x)
			y = net.Forward(in).Data()
			return y, net[0].(*nn.ConvBN).ForwardAdd(in, tape.Const(shortcut)).Data()
		}
		want, wantJoined := run(false)
		got, joined := run(true)
		require.Equal(t, want, got)
		require.Equal(t, wantJoined, joined)
	}
}

// ConvBN is the same as its parts one after the other.
func TestConvBNIsItsParts(t *testing.T) {
	c := nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 4, Kernel: 3, Stride: 2, Padding: 1, ReLU: true, Seed: 1})
	c.BN = randomNorm(4)
	x, shortcut := gradtest.Normal(1, 1, 2, 5, 5, 3), gradtest.Normal(2, 1, 2, 3, 3, 4)
	for _, m := range []autograd.Mode{training, {}} {
		tape := autograd.NewTape(m)
		in, add := tape.Const(x), tape.Const(shortcut)
		apart := nn.ReLU(autograd.Add(c.BN.Forward(c.Conv.Forward(in)), add))
		require.InDeltaSlice(t, apart.Data(), c.ForwardAdd(in, add).Data(), 1e-6)
	}
}

// The layers hold nothing of a step: two goroutines may evaluate one network on two tapes (run with -race).
func TestEvaluationOnTwoGoroutines(t *testing.T) {
	net, x := smallNet(), gradtest.Normal(1, 1, 4, 6, 6, 3)
	want, _, _ := backward(autograd.Mode{}, x, net.Forward)
	got := make(chan []float32)
	for range 2 {
		go func() {
			tape := autograd.NewTape(autograd.Mode{NoGrad: true})
			var y []float32
			for range 5 {
				tape.Reset(autograd.Mode{NoGrad: true})
				y = net.Forward(tape.Const(x)).Data()
			}
			got <- y
		}()
	}
	for range 2 {
		require.Equal(t, want.Data(), <-got)
	}
}
