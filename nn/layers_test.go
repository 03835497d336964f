package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestSmoothActivationGradients(t *testing.T) {
	x := gradtest.Normal(1, 2, 4, 7)
	for name, c := range map[string]struct {
		f         func(*autograd.Var) *autograd.Var
		reference func(v float64) float64
	}{
		"GELU": {nn.GELU, func(v float64) float64 { return v / 2 * (1 + math.Erf(v/math.Sqrt2)) }},
		"GELUTanh": {nn.GELUTanh, func(v float64) float64 {
			return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*math.Pow(v, 3))))
		}},
		"SiLU": {nn.SiLU, func(v float64) float64 { return v / (1 + math.Exp(-v)) }},
	} {
		t.Run(name, func(t *testing.T) {
			gradtest.Check(t, unary(x, c.f, func(x []float64) []float64 { return each64(x, c.reference) }))
			y, dx, _ := backward(autograd.Mode{}, from(t, []float32{1e30, -1e30, 0, 90, -90}, 5), c.f)
			require.Equal(t, []float32{1e30, 0, 0, 90}, y.Data()[:4])
			require.InDelta(t, 0, y.Data()[4], 1e-30)
			requireFinite(t, dx, "the gradient at huge values")
			y, _, _ = backward(autograd.Mode{}, from(t, []float32{nan, 1}, 2), c.f)
			require.True(t, y.Data()[0] != y.Data()[0] && y.Data()[1] == y.Data()[1], "NaN stays where it is")
			y, _, _ = backward(autograd.Mode{}, tensor.New(0, 3), c.f)
			require.Equal(t, tensor.Shape{0, 3}, y.Shape())
		})
	}
}

// layerNorm64 normalises rows as long as gamma.
func layerNorm64(x, gamma, beta []float64) []float64 {
	return rows64(x, len(gamma), func(row []float64) []float64 {
		mean, variance, n := 0.0, 0.0, float64(len(row))
		for _, v := range row {
			mean += v / n
		}
		for _, v := range row {
			variance += (v - mean) * (v - mean) / n
		}
		y := make([]float64, len(row))
		for i, v := range row {
			y[i] = (v-mean)/math.Sqrt(variance+1e-5)*gamma[i] + beta[i]
		}
		return y
	})
}

func TestLayerNormGradients(t *testing.T) {
	far := gradtest.Normal(2, 1, 3, 5)
	for i := range far.Data() {
		far.Data()[i] += 100
	}
	for name, x := range map[string]*tensor.Tensor{"rows": gradtest.Normal(1, 2, 4, 5), "images": gradtest.Normal(1, 1, 2, 2, 3, 5), "far from zero": far} {
		full := &nn.LayerNorm{Weight: normalParam(3, 1, 5), Bias: normalParam(4, 1, 5)}
		t.Run(name, func(t *testing.T) {
			gradtest.Check(t, layer(x, full, func(in [][]float64) []float64 { return layerNorm64(in[0], in[1], in[2]) }, full.Weight, full.Bias))
			gradtest.Check(t, layer(x, &nn.LayerNorm{Bias: full.Bias}, func(in [][]float64) []float64 {
				return layerNorm64(in[0], []float64{1, 1, 1, 1, 1}, in[1])
			}, full.Bias))
			gradtest.Check(t, layer(x, &nn.LayerNorm{}, func(in [][]float64) []float64 {
				return layerNorm64(in[0], []float64{1, 1, 1, 1, 1}, make([]float64, 5))
			}))
		})
	}
	frozen := &nn.LayerNorm{Weight: normalParam(3, 1, 5), Bias: normalParam(4, 1, 5)}
	frozen.Weight.Frozen = true
	gradtest.Check(t, layer(far, frozen, func(in [][]float64) []float64 { return layerNorm64(in[0], in[1], in[2]) }, frozen.Weight, frozen.Bias))
}

func TestLayerNormOfDegenerateRows(t *testing.T) {
	l := nn.NewLayerNorm(2)
	y, dx, _ := backward(training, from(t, []float32{3, 3, 0, 0, -1e30, 1e30}, 3, 2), l.Forward)
	require.Equal(t, make([]float32, 4), y.Data()[:4], "rows without variance")
	require.InDeltaSlice(t, []float32{-1, 1}, y.Data()[4:], 1e-6)
	requireFinite(t, dx, "dx")
	y, _, _ = backward(training, tensor.New(0, 2), l.Forward)
	require.Equal(t, tensor.Shape{0, 2}, y.Shape())
	y, dx, _ = backward(training, from(t, []float32{nan, 1, 2, 3}, 2, 2), l.Forward)
	require.True(t, y.Data()[1] != y.Data()[1])
	require.InDeltaSlice(t, []float32{-1, 1}, y.Data()[2:], 1e-4)
	requireFinite(t, from(t, dx.Data()[2:], 2), "the gradient of the other row")
	one, dx, _ := backward(training, gradtest.Normal(1, 1, 3, 1), nn.NewLayerNorm(1).Forward)
	require.Equal(t, make([]float32, 3), one.Data(), "rows of one value")
	require.InDeltaSlice(t, make([]float32, 3), dx.Data(), 1e-6)
}

func TestGroupedConvGradients(t *testing.T) {
	for name, c := range map[string]struct {
		x, w                tensor.Shape
		stride, pad, groups int
	}{
		"two groups":          {tensor.Shape{2, 4, 3, 4}, tensor.Shape{3, 3, 2, 6}, 1, 1, 2},
		"strided":             {tensor.Shape{1, 5, 4, 6}, tensor.Shape{3, 3, 2, 3}, 2, 1, 3},
		"depthwise":           {tensor.Shape{2, 4, 4, 3}, tensor.Shape{3, 3, 1, 3}, 1, 1, 3},
		"depthwise strided":   {tensor.Shape{1, 5, 5, 4}, tensor.Shape{3, 3, 1, 4}, 2, 1, 4},
		"depthwise widening":  {tensor.Shape{1, 4, 4, 2}, tensor.Shape{3, 3, 1, 4}, 1, 1, 2},
		"1x1 in three groups": {tensor.Shape{2, 2, 3, 6}, tensor.Shape{1, 1, 2, 3}, 1, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			conv := &nn.Conv2d{Weight: normalParam(2, 0.5, c.w...), Bias: normalParam(3, 1, c.w[3]), Stride: c.stride, Padding: c.pad, Groups: c.groups}
			reference := func(in [][]float64) []float64 {
				return conv64(in[0], dense64(in[1], c.w, c.groups), in[2], c.x, tensor.Shape{c.w[0], c.w[1], c.x[3], c.w[3]}, c.stride, c.pad)
			}
			gradtest.Check(t, layer(gradtest.Normal(1, 1, c.x...), conv, reference, conv.Weight, conv.Bias))
		})
	}
}

// dense64 is the weight [KH, KW, C/groups, O] of a convolution in groups as that of a plain one, zero between groups.
func dense64(w []float64, ws tensor.Shape, groups int) []float64 {
	in, out := ws[2], ws[3]
	dense := make([]float64, len(w)*groups)
	for i, v := range w {
		tap, j, k := i/(in*out), i/out%in, i%out
		dense[(tap*in*groups+k/(out/groups)*in+j)*out+k] = v
	}
	return dense
}

// Every mode of ConvBN, with a convolution in groups.
func TestGroupedConvBN(t *testing.T) {
	xs, ws := tensor.Shape{2, 4, 4, 4}, tensor.Shape{3, 3, 2, 6}
	x, shortcut := gradtest.Normal(1, 1, xs...), gradtest.Normal(2, 1, 2, 2, 2, 6)
	for mode, m := range normModes {
		t.Run(mode, func(t *testing.T) {
			b := &nn.ConvBN{BN: randomNorm(6), Conv: &nn.Conv2d{Weight: normalParam(3, 0.5, ws...), Stride: 2, Padding: 1, Groups: 2}}
			m.freeze(t, b)
			norm := norm64(b.BN, m)
			gradtest.Check(t, gradtest.Case{Inputs: []*tensor.Tensor{x, shortcut}, Mode: m.Mode, Params: []*autograd.Param{b.Conv.Weight, b.BN.Weight, b.BN.Bias},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return b.ForwardAdd(in[0], in[1]) },
				Reference: func(in [][]float64) []float64 {
					y := norm(conv64(in[0], dense64(in[2], ws, 2), nil, xs, tensor.Shape{3, 3, 4, 6}, 2, 1), in[3], in[4])
					for i, v := range in[1] {
						y[i] += v
					}
					return y
				}})
			b.ReLU = true
			tape := autograd.NewTape(m.Mode)
			want := nn.ReLU(autograd.Add(b.BN.Forward(b.Conv.Forward(tape.Const(x))), tape.Const(shortcut))).Data()
			require.InDeltaSlice(t, want, b.ForwardAdd(tape.Const(x), tape.Const(shortcut)).Data(), 1e-5)
			noGrad := m.Mode
			noGrad.NoGrad = true
			tape = autograd.NewTape(noGrad)
			require.InDeltaSlice(t, want, b.ForwardAdd(tape.Const(x), tape.Const(shortcut)).Data(), 1e-5)
		})
	}
}

func TestGroupsCountTheirMultiplyAdds(t *testing.T) {
	s, err := nn.Summarize(&nn.Conv2d{Weight: param(3, 3, 2, 8), Padding: 1, Groups: 4}, 5, 5, 8)
	require.NoError(t, err)
	require.Equal(t, int64(25*9*2*8), s.MultiplyAdds)
}

func TestAdaptiveAvgPoolGradients(t *testing.T) {
	xs := tensor.Shape{2, 5, 4, 3}
	for _, out := range [][2]int{{1, 1}, {2, 2}, {3, 2}, {5, 4}, {7, 6}} {
		gradtest.Check(t, unary(gradtest.Normal(1, 1, xs...), func(x *autograd.Var) *autograd.Var { return nn.AdaptiveAvgPool2d(x, out[0], out[1]) },
			func(x []float64) []float64 {
				var y []float64
				for i := range 2 * out[0] * out[1] * 3 {
					c, ox, oy, n := i%3, i/3%out[1], i/3/out[1]%out[0], i/3/out[1]/out[0]
					top, bottom := oy*5/out[0], int(math.Ceil(float64((oy+1)*5)/float64(out[0])))
					left, right := ox*4/out[1], int(math.Ceil(float64((ox+1)*4)/float64(out[1])))
					sum := 0.0
					for iy := top; iy < bottom; iy++ {
						for ix := left; ix < right; ix++ {
							sum += x[((n*5+iy)*4+ix)*3+c]
						}
					}
					y = append(y, sum/float64((bottom-top)*(right-left)))
				}
				return y
			}))
	}
	x := gradtest.Normal(1, 1, 2, 3, 4, 5)
	tape := autograd.NewTape(autograd.Mode{})
	require.Equal(t, nn.GlobalAvgPool2d(tape.Const(x)).Data(), nn.AdaptiveAvgPool2d(tape.Const(x), 1, 1).Data())
	require.Equal(t, x.Data(), nn.AdaptiveAvgPool2d(tape.Const(x), 3, 4).Data())
}

func TestDropout(t *testing.T) {
	x := gradtest.Normal(1, 1, 300, 100)
	run := func(d nn.Dropout, m autograd.Mode) (y, dx *tensor.Tensor) {
		p, tape := autograd.NewParam(x), autograd.NewTape(m)
		v := d.Forward(tape.Param(p))
		ones := tensor.New(x.Shape()...)
		for i := range ones.Data() {
			ones.Data()[i] = 1
		}
		tape.Backward(v, ones)
		return v.Value(), p.Grad
	}
	for keep, want := range map[float64]float64{0: 0.5, 0.9: 0.9, 0.25: 0.25} {
		y, dx := run(nn.Dropout{Keep: keep}, autograd.Mode{Train: true, Seed: 7})
		kept := 0
		for i, v := range y.Data() {
			if dx.Data()[i] == 0 {
				require.Zero(t, v)
				continue
			}
			kept++
			require.InDelta(t, 1/want, dx.Data()[i], 1e-6)
			require.InDelta(t, float64(x.Data()[i])/want, v, 1e-5)
		}
		require.InDelta(t, want, float64(kept)/30000, 0.015)
	}
	whole, _ := run(nn.Dropout{}, autograd.Mode{Train: true, Seed: 7})
	again, _ := run(nn.Dropout{}, autograd.Mode{Train: true, Seed: 7})
	other, _ := run(nn.Dropout{}, autograd.Mode{Train: true, Seed: 8})
	require.Equal(t, whole.Data(), again.Data())
	require.NotEqual(t, whole.Data(), other.Data())
	for _, same := range []*tensor.Tensor{
		first(run(nn.Dropout{}, autograd.Mode{Seed: 7})), first(run(nn.Dropout{Keep: 1}, autograd.Mode{Train: true})),
	} {
		require.Equal(t, x.Data(), same.Data(), "nothing is dropped in evaluation, nor when all is kept")
	}
	tape := autograd.NewTape(training)
	twice := nn.Sequential{nn.Dropout{}, nn.Dropout{}}.Forward(tape.Const(x))
	zeros := 0
	for _, v := range twice.Data() {
		if v == 0 {
			zeros++
		}
	}
	require.InDelta(t, 0.75, float64(zeros)/30000, 0.02, "two layers of one step draw apart")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 3, 7} {
		runtime.GOMAXPROCS(procs)
		y, _ := run(nn.Dropout{}, autograd.Mode{Train: true, Seed: 7})
		require.Equal(t, whole.Data(), y.Data())
	}
}

func first(y, _ *tensor.Tensor) *tensor.Tensor { return y }

func TestDropoutGradients(t *testing.T) {
	c := layer(gradtest.Normal(1, 1, 3, 5), nn.Dropout{Keep: 0.6}, nil)
	c.Mode = autograd.Mode{Train: true, Seed: 3}
	gradtest.Check(t, c)
}

func TestMisuseOfLayers(t *testing.T) {
	images := tensor.Shape{2, 4, 4, 3}
	pool := func(h, w int) nn.Module {
		return nn.Func(func(x *autograd.Var) *autograd.Var { return nn.AdaptiveAvgPool2d(x, h, w) })
	}
	for _, c := range []struct {
		module nn.Module
		input  tensor.Shape
		want   string
	}{
		{&nn.Conv2d{Weight: param(3, 3, 3, 8), Groups: 3}, images, "nn.Conv2d (weight) [2 4 4 3], [3 3 3 8]: the image has 3 channels, the weight takes 9"},
		{&nn.Conv2d{Weight: param(3, 3, 1, 8), Groups: 3}, images, "3 groups must divide the weight's 8 outputs"},
		{&nn.Conv2d{Weight: param(3, 3, 3, 8), Groups: -1}, images, "-1 groups must divide"},
		{nn.NewLayerNorm(4), images, "nn.LayerNorm (weight) [2 4 4 3], [4]: weight and bias must be [C]"},
		{&nn.LayerNorm{}, tensor.Shape{}, "nn.LayerNorm []: needs rows"},
		{&nn.LayerNorm{Epsilon: -1}, images, "epsilon, -1,"},
		{nn.Dropout{Keep: 1.5}, images, "nn.Dropout [2 4 4 3]: the share to keep, 1.5, must be in (0, 1]"},
		{nn.Dropout{Keep: math.NaN()}, images, "NaN"},
		{pool(0, 2), images, "nn.AdaptiveAvgPool2d [2 4 4 3]: the image and the result, 0×2, must have at least one pixel"},
		{pool(1, 1), tensor.Shape{2, 0, 4, 3}, "at least one pixel"},
		{pool(1, 1), tensor.Shape{2, 3}, "needs images [N, H, W, C]"},
	} {
		nn.Name(c.module)
		err := tensor.Try(func() error { c.module.Forward(autograd.NewTape(training).Const(tensor.New(c.input...))); return nil })
		require.ErrorContains(t, err, c.want)
	}
}

// A block of a mobile network: a depthwise convolution, and one of 1×1 across the channels.
func ExampleConv2d_depthwise() {
	rng := rand.New(rand.NewPCG(1, 1))
	depthwise := &nn.Conv2d{Weight: autograd.NewParam(tensor.New(3, 3, 1, 16)), Padding: 1, Groups: 16}
	nn.HeNormal(depthwise.Weight.Value, 3*3, rng)
	block := nn.Sequential{depthwise, nn.NewBatchNorm2d(16), nn.Func(nn.ReLU), nn.NewConv2d(nn.Conv2dSettings{In: 16, Out: 32, Kernel: 1, Rand: rng})}
	s, err := nn.Summarize(block, 8, 8, 16)
	fmt.Println(s, err)
	// Output: 688 parameters, 0.0 million multiply-adds an image, output [8 8 32] <nil>
}

func ExampleDropout() {
	head := nn.Sequential{nn.NewLinear(nn.LinearSettings{In: 4, Out: 3, Seed: 1}), nn.Func(nn.GELU), nn.Dropout{Keep: 0.8}}
	tape := autograd.NewTape(autograd.Mode{Train: true, Seed: 1}) // the seed chooses which values are kept
	fmt.Println(head.Forward(tape.Const(tensor.New(2, 4))).Shape())
	// Output: [2 3]
}

func ExampleLayerNorm() {
	tape := autograd.NewTape(autograd.Mode{})
	fmt.Printf("%.2f\n", nn.NewLayerNorm(3).Forward(tape.Const(row(1, 2, 3))).Data())
	// Output: [-1.22 0.00 1.22]
}

func ExampleAdaptiveAvgPool2d() {
	tape := autograd.NewTape(autograd.Mode{})
	fmt.Println(nn.AdaptiveAvgPool2d(tape.Const(tensor.New(2, 15, 20, 64)), 7, 7).Shape())
	// Output: [2 7 7 64]
}
