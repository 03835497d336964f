package backbone_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func newResNet(t testing.TB, s backbone.ResNetSettings) *backbone.ResNet {
	t.Helper()
	r, err := backbone.NewResNet(s)
	require.NoError(t, err)
	return r
}

func TestVectorPhotographs(t *testing.T) {
	var cases []struct {
		Depth, Width, Groups int
		GroupWidth           int `json:"group_width"`
		Weights              []spread
		Input                spread
		Eval, Features       vectortest.Tensor
		Gradients            []struct {
			Name string
			Norm float64
		}
		Statistics []struct {
			Name string
			Sum  float64
		}
	}
	vectortest.Load(t, "photographs", &cases)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		r := newResNet(t, backbone.ResNetSettings{Depth: c.Depth, Width: c.Width, Groups: c.Groups, GroupWidth: c.GroupWidth})
		t.Run(r.String(), func(t *testing.T) {
			entries := map[string]nn.Entry{}
			var names, theirs []string
			for _, e := range nn.Entries(r) {
				entries[e.Path], names = e, append(names, e.Path)
			}
			for _, w := range c.Weights {
				theirs = append(theirs, w.Name)
				v := w.values()
				if len(v.Shape) == 4 {
					v = v.HWIO()
				}
				require.Equal(t, tensor.Shape(v.Shape), entries[w.Name].Tensor().Shape(), w.Name)
				copy(entries[w.Name].Tensor().Data(), v.Float32())
			}
			require.ElementsMatch(t, theirs, names, "torchvision's names")
			input := c.Input.values().NHWC()
			x, err := tensor.FromSlice(input.Float32(), input.Shape...)
			require.NoError(t, err)

			tape := autograd.NewTape(autograd.Mode{NoGrad: true})
			vectortest.Close(t, "features in evaluation", r.Forward(tape.Const(x)).Data(), c.Eval.Data, 0)
			tape.Reset(autograd.Mode{Train: true})
			y := r.Forward(tape.Const(x))
			vectortest.Close(t, "features in training", y.Data(), c.Features.Data, 0)
			dy := tensor.New(y.Shape()...)
			for i := range dy.Data() {
				dy.Data()[i] = float32(math.Sin(float64(i)))
			}
			tape.Backward(y, dy)
			tape.Commit()
			relative := 1e-3
			if c.Depth > 18 { // small networks so deep that PyTorch's own float32 is off by 4%: ReLUs flip at rounding
				relative = 0.06
			}
			for _, g := range c.Gradients {
				norm := 0.0
				for _, v := range entries[g.Name].Param.Grad.Data() {
					norm += float64(v) * float64(v)
				}
				require.InDelta(t, g.Norm, math.Sqrt(norm), relative*g.Norm+1e-6, "gradient of %s", g.Name)
			}
			for _, s := range c.Statistics {
				sum := 0.0
				for _, v := range entries[s.Name].Buffer.Data() {
					sum += float64(v)
				}
				require.InDelta(t, s.Sum, sum, 1e-4*math.Abs(s.Sum)+1e-4, s.Name)
			}
		})
	}
}

// The sizes that torchvision states, less its fc of 1,000 classes.
func TestNamedResNetSizes(t *testing.T) {
	for name, want := range map[string]struct {
		parameters int
		width      int
		macs       float64 // of a 224×224 image; 0: not compared
	}{
		"resnet18": {11689512 - 513000, 512, 1.814e9}, "resnet34": {21797672 - 513000, 512, 0}, "resnet50": {25557032 - 2049000, 2048, 4.087e9},
		"resnet101": {44549160 - 2049000, 2048, 0}, "resnet152": {60192808 - 2049000, 2048, 0},
		"resnext50_32x4d": {25028904 - 2049000, 2048, 4.228e9}, "wide_resnet50_2": {68883240 - 2049000, 2048, 0},
	} {
		s, err := backbone.NamedResNet(name)
		require.NoError(t, err)
		r := newResNet(t, s)
		require.Equal(t, want.width, r.OutDim(), name)
		total := 0
		for _, e := range nn.Params(r) {
			total += e.Param.Value.Len()
		}
		require.Equal(t, want.parameters, total, name)
		if want.macs > 0 {
			summary, err := nn.Summarize(r, 32, 32, 3) // where each layer has a 49th of the pixels
			require.NoError(t, err)
			require.InEpsilon(t, want.macs, 49*float64(summary.MultiplyAdds), 1e-3, name)
		}
	}
	_, err := backbone.NamedResNet("resnet20")
	require.ErrorContains(t, err, `"resnet20"`)
	require.ErrorContains(t, err, "resnet101, resnet152, resnet18")
}

func TestResNetSettingsAreChecked(t *testing.T) {
	for want, s := range map[string]backbone.ResNetSettings{
		"depth 18, 34, 50, 101 or 152, not 32":                   {Depth: 32},
		"of [-8 3 1 -8]":                                         {Width: -8},
		"branches of [-1]":                                       {Branches: -1},
		"groups 32 of width 64 are of bottlenecks: depth 18":     {Depth: 18, Groups: 32},
		"groups 1 of width 128 are of bottlenecks: depth 34 has": {Depth: 34, GroupWidth: 128},
	} {
		_, err := backbone.NewResNet(s)
		require.ErrorContains(t, err, want)
	}
}

// Odd sizes, a single pixel, one channel, a batch of one.
func TestResNetTakesPhotographsOfAnySize(t *testing.T) {
	for _, s := range []backbone.ResNetSettings{{Depth: 18, Width: 4, Channels: 1}, {Depth: 50, Width: 4, Channels: 1, Groups: 2, GroupWidth: 2}} {
		r := newResNet(t, s)
		for _, size := range [][2]int{{1, 1}, {7, 5}, {33, 64}} {
			for _, train := range []bool{false, true} {
				tape := autograd.NewTape(autograd.Mode{Train: train})
				f := r.Forward(tape.Const(gradtest.Normal(1, 1, 1, size[0], size[1], 1)))
				require.Equal(t, tensor.Shape{1, r.OutDim()}, f.Shape())
				tape.Backward(autograd.Sum(f), nil)
			}
		}
	}
}

func TestResNetsSayWhatTheyAre(t *testing.T) {
	for want, s := range map[string]backbone.ResNetSettings{
		"ResNet-18, width 4, channels 1, branches 2": {Depth: 18, Width: 4, Channels: 1, Branches: 2, Seed: 1},
		"ResNeXt-50 (4×2d), width 8":                 {Groups: 4, GroupWidth: 2, Width: 8, Seed: 1},
		"ResNet-50, group width 8, width 4":          {GroupWidth: 8, Width: 4, Seed: 1},
	} {
		r := newResNet(t, s)
		require.Equal(t, want, r.String())
		name, settings := r.Describe()
		require.Equal(t, "resnet", name)
		again := settings.(backbone.ResNetSettings)
		require.Equal(t, r, newResNet(t, again), "settings, weights and all")
	}
}

// With ZeroLast each block begins as its shortcut: no image moves the features by the weights inside.
func TestBlocksBeginAsTheirShortcut(t *testing.T) {
	for _, depth := range []int{18, 50} {
		r := newResNet(t, backbone.ResNetSettings{Depth: depth, Width: 4, ZeroLast: true, Branches: 2})
		zero := 0
		for _, e := range nn.Params(r) {
			if v := e.Param.Value.Data(); strings.Contains(e.Path, ".bn") && strings.HasSuffix(e.Path, ".weight") {
				isLast := strings.Contains(e.Path, map[int]string{18: ".bn2.", 50: ".bn3."}[depth])
				require.Equal(t, isLast, slices.Max(v) == 0, e.Path)
				if isLast {
					zero++
				}
			}
		}
		require.Equal(t, map[int]int{18: 9, 50: 17}[depth], zero)
	}
}

// The branches have the last block for themselves, and the first has the seed's weights.
func TestResNetBranches(t *testing.T) {
	s := backbone.ResNetSettings{Depth: 18, Width: 4, Seed: 1}
	plain := newResNet(t, s)
	s.Branches = 2
	r := newResNet(t, s)
	require.Equal(t, []int{1, 32, 2, 64}, []int{plain.Branches(), plain.OutDim(), r.Branches(), r.OutDim()})
	tape := autograd.NewTape(autograd.Mode{})
	x := tape.Const(gradtest.Normal(1, 1, 2, 16, 16, 3))
	require.Equal(t, plain.Forward(x).Data(), r.Branch(0, x).Data())
	require.NotEqual(t, r.Branch(0, x).Data(), r.Branch(1, x).Data())
	require.Contains(t, fmt.Sprint(nn.Entries(r)), "branch2.conv1.weight")
}

// A stage at a time is frozen by its path, running statistics and all: training leaves it as it is and the others learn.
func TestAStageCanBeFrozen(t *testing.T) {
	r := newResNet(t, backbone.ResNetSettings{Depth: 18, Width: 4, Seed: 1})
	n, err := nn.FreezePaths(r, "conv1", "bn1", "layer1", "layer2.0")
	require.NoError(t, err)
	require.Equal(t, 1+3+2*2*4+(4*2+4), n, "stem; two blocks of two convolutions with batch norm; one with a shortcut more")
	before := map[string][]float32{}
	for _, e := range nn.Entries(r) {
		before[e.Path] = slices.Clone(e.Tensor().Data())
	}
	tape := autograd.NewTape(autograd.Mode{Train: true})
	y := r.Forward(tape.Const(gradtest.Normal(1, 1, 4, 33, 33, 3)))
	tape.Backward(y, gradtest.Normal(2, 1, y.Shape()...))
	tape.Commit()
	for _, e := range nn.Entries(r) {
		frozen := strings.HasPrefix(e.Path, "conv1.") || strings.HasPrefix(e.Path, "bn1.") || strings.HasPrefix(e.Path, "layer1.") ||
			strings.HasPrefix(e.Path, "layer2.0.")
		require.Equal(t, frozen, e.Frozen(), e.Path)
		switch {
		case e.Param != nil:
			require.Equal(t, frozen, e.Param.Grad == nil, e.Path)
		case frozen:
			require.Equal(t, before[e.Path], e.Buffer.Data(), e.Path)
		default:
			require.NotEqual(t, before[e.Path], e.Buffer.Data(), e.Path)
		}
	}
	n, err = nn.UnfreezePaths(r, "layer2")
	require.NoError(t, err)
	require.Equal(t, 2*2*4+4, n)
}

// Projection shortcuts have parameters of their own; the weights of a network without are as before.
func TestCIFARResNetWithProjectionShortcuts(t *testing.T) {
	s := backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1, Projection: true, Branches: 2}
	r, err := backbone.NewCIFARResNet(s)
	require.NoError(t, err)
	require.Equal(t, "CIFAR ResNet-8, width 4, branches 2, projection shortcuts", r.String())
	shapes := map[string]string{}
	for _, e := range nn.Entries(r) {
		shapes[e.Path] = e.Tensor().Shape().String()
	}
	require.NotContains(t, shapes, "layer1.0.downsample.0.weight")
	require.Equal(t, "[1 1 4 8]", shapes["layer2.0.downsample.0.weight"])
	require.Equal(t, "[16]", shapes["branch2.downsample.1.running_var"])
	_, settings := r.Describe()
	again, err := backbone.NewCIFARResNet(settings.(backbone.CIFARResNetSettings))
	require.NoError(t, err)
	require.Equal(t, r, again, "settings, weights and all")
	tape := autograd.NewTape(autograd.Mode{Train: true})
	y := r.Forward(tape.Const(gradtest.Normal(1, 1, 3, 9, 9, 3)))
	require.Equal(t, tensor.Shape{3, 32}, y.Shape())
	tape.Backward(autograd.Sum(y), nil)
	for _, e := range nn.Params(r) {
		require.NotNil(t, e.Param.Grad, e.Path)
	}
}

func ExampleNewResNet() {
	s, err := backbone.NamedResNet("resnet18")
	if err != nil {
		panic(err)
	}
	s.Seed = 1
	r, err := backbone.NewResNet(s)
	if err != nil {
		panic(err)
	}
	fmt.Println(r)
	fmt.Println(nn.Summarize(r, 64, 64, 3))
	// Output:
	// ResNet-18
	// 11176512 parameters, 148.0 million multiply-adds an image, output [512] <nil>
}

// ResNeXt-50 with half the channels, for a smaller machine.
func ExampleResNetSettings() {
	r, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 50, Width: 32, Groups: 32, GroupWidth: 2})
	fmt.Println(r, r.OutDim(), err)
	// Output: ResNeXt-50 (32×2d), width 32 1024 <nil>
}

// In prediction a large batch goes through the first stage in parts, to the bits of each image alone. Statistics of a batch stay
// those of all of it.
func TestLargeBatchesInParts(t *testing.T) {
	b := newResNet(t, backbone.ResNetSettings{Depth: 50, Width: 4})
	const n = 90
	x := gradtest.Normal(1, 1, n, 224, 224, 3)
	features := func(m autograd.Mode, lo, hi int) []float32 {
		tape := autograd.NewTape(m)
		return slices.Clone(b.Forward(tape.Const(x.Rows(lo, hi))).Data())
	}
	all := features(autograd.Mode{NoGrad: true}, 0, n)
	dim := b.OutDim()
	for _, i := range []int{0, 44, 45, n - 1} {
		require.Equal(t, features(autograd.Mode{NoGrad: true}, i, i+1), all[i*dim:(i+1)*dim], "image %d", i)
	}
	require.Equal(t, features(autograd.Mode{Train: true}, 0, n), features(autograd.Mode{Train: true, NoGrad: true}, 0, n))
}
