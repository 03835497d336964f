package backbone_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestSettingsAreChecked(t *testing.T) {
	_, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 33})
	require.EqualError(t, err, "backbone: a CIFAR ResNet has depth 6n+2 (8, 20, 32, 44, 56, 110), not 33")
	_, err = backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 2})
	require.Error(t, err)
	_, err = backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Width: -1})
	require.ErrorContains(t, err, "width and channels of [-1 3]")
	_, err = backbone.NewMLP(backbone.MLPSettings{})
	require.ErrorContains(t, err, "Widths is empty")
	_, err = backbone.NewMLP(backbone.MLPSettings{Widths: []int{5, 0}, Seed: 1})
	require.ErrorContains(t, err, "widths of [5 0]")
}

func TestSameSeedSameWeights(t *testing.T) {
	weight := func(seed uint64) []float32 {
		r, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Seed: seed})
		require.NoError(t, err)
		return nn.Params(r)[0].Param.Value.Data()
	}
	require.Equal(t, weight(1), weight(1))
	require.NotEqual(t, weight(1), weight(2))
}

// Odd sizes, a single pixel, other widths and channels, a batch of one.
func TestResNetTakesAnyImage(t *testing.T) {
	r, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 5, Channels: 1})
	require.NoError(t, err)
	for _, size := range [][2]int{{1, 1}, {7, 5}, {16, 9}} {
		for _, train := range []bool{false, true} {
			tape := autograd.NewTape(autograd.Mode{Train: train})
			f := r.Forward(tape.Const(gradtest.Normal(1, 1, 1, size[0], size[1], 1)))
			require.Equal(t, tensor.Shape{1, 20}, f.Shape())
			tape.Backward(autograd.Sum(f), nil)
		}
	}
}

func TestWrongChannelsNameTheParameter(t *testing.T) {
	r, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8})
	require.NoError(t, err)
	nn.Name(r)
	_, err = nn.Summarize(r, 32, 32, 1)
	require.EqualError(t, err, "nn.ConvBN (conv1.weight) [1 32 32 1], [3 3 3 16]: the image has 1 channels, the weight takes 3")
}

func TestMLPFlattensImages(t *testing.T) {
	m, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{12, 7, 4}, Seed: 1})
	require.NoError(t, err)
	x := gradtest.Normal(1, 1, 3, 2, 2, 3)
	tape := autograd.NewTape(autograd.Mode{})
	a, b := m.Forward(tape.Const(x)), m.Forward(tape.Const(x.Reshape(3, 12)))
	require.Equal(t, a.Data(), b.Data())
	require.Equal(t, 4, m.OutDim())
	require.Equal(t, "1.bias", nn.Params(m)[3].Path)
	require.Error(t, tensor.Try(func() error { m.Forward(tape.Const(tensor.New(3, 2, 2, 2))); return nil }))
}

func ExampleNewCIFARResNet() {
	r, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32, Seed: 1})
	if err != nil {
		panic(err)
	}
	s, err := nn.Summarize(r, 32, 32, 3)
	fmt.Println(s, err)
	// Output: 463504 parameters, 68.9 million multiply-adds an image, output [64] <nil>
}

func ExampleNewMLP() {
	m, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{784, 256, 64}, Seed: 1})
	fmt.Println(m.OutDim(), err)
	// Output: 64 <nil>
}

// A branched network is the plain one up to the last block, of which each branch has its own.
func TestBranches(t *testing.T) {
	for _, depth := range []int{8, 14} { // the last block with a stride, and without
		settings := backbone.CIFARResNetSettings{Depth: depth, Width: 4, Seed: 1}
		plain, err := backbone.NewCIFARResNet(settings)
		require.NoError(t, err)
		settings.Branches = 3
		r, err := backbone.NewCIFARResNet(settings)
		require.NoError(t, err)
		require.Equal(t, []int{1, 16, 3, 48}, []int{plain.Branches(), plain.OutDim(), r.Branches(), r.OutDim()})

		tape := autograd.NewTape(autograd.Mode{})
		x := tape.Const(gradtest.Normal(1, 1, 2, 8, 8, 3))
		whole := r.Forward(x)
		require.Equal(t, tensor.Shape{2, 48}, whole.Shape())
		require.Equal(t, plain.Forward(x).Data(), r.Branch(0, x).Data(), "the first branch has the seed's weights")
		require.Equal(t, plain.Forward(x).Data(), plain.Branch(0, x).Data())
		for i := range 3 {
			f := r.Branch(i, x)
			require.Equal(t, tensor.Shape{2, 16}, f.Shape())
			if i > 0 {
				require.NotEqual(t, r.Branch(0, x).Data(), f.Data())
			}
			for row := range 2 {
				for k := range 16 {
					require.InDelta(t, f.Data()[row*16+k]/3, whole.Data()[row*48+i*16+k], 1e-6)
				}
			}
		}
		tape.Backward(autograd.Sum(whole), nil)
		paths := []string{}
		for _, e := range nn.Params(r) {
			paths = append(paths, e.Path)
			require.NotNil(t, e.Param.Grad, e.Path)
		}
		require.Subset(t, paths, []string{"branch1.conv1.weight", "branch2.bn1.bias", "branch3.conv2.weight"})
		require.Equal(t, depth > 8, slices.Contains(paths, "layer3.0.conv1.weight"))
		require.Len(t, paths, len(nn.Params(plain))+2*6, "two blocks of two convolutions with batch norm more")
		require.EqualError(t, tensor.Try(func() error { r.Branch(3, x); return nil }), "backbone.Branch: no branch 3: there are 3")
		require.Error(t, tensor.Try(func() error { plain.Branch(-1, x); return nil }))
	}
	_, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Branches: -1})
	require.ErrorContains(t, err, "branches of [-1]")
}

// The gradient of the shared part is the sum over the branches, in training and in evaluation.
func TestBranchesAddTheirGradients(t *testing.T) {
	for _, train := range []bool{false, true} {
		r, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1, Branches: 2})
		require.NoError(t, err)
		weights := gradtest.Normal(3, 1, 3, 32) // of the features, so that branches differ
		x := gradtest.Normal(2, 1, 3, 8, 8, 3)
		gradient := func(forward func(*autograd.Var) *autograd.Var) map[string][]float32 {
			tape := autograd.NewTape(autograd.Mode{Train: train})
			for _, e := range nn.Params(r) {
				e.Param.ZeroGrad()
			}
			tape.Backward(autograd.Sum(autograd.Mul(forward(tape.Const(x)), tape.Const(weights))), nil)
			all := map[string][]float32{}
			for _, e := range nn.Params(r) {
				if e.Param.Grad != nil {
					all[e.Path] = slices.Clone(e.Param.Grad.Data())
				}
			}
			return all
		}
		whole := gradient(r.Forward)
		parts := gradient(func(x *autograd.Var) *autograd.Var {
			return autograd.Scale(autograd.Columns(r.Branch(0, x), r.Branch(1, x)), 0.5)
		})
		require.Len(t, parts, len(nn.Params(r)))
		for path, g := range parts {
			require.InDeltaSlice(t, g, whole[path], 1e-4, path)
		}
	}
}

// What a backbone says of itself is what it is built from, whatever was left to defaults.
func TestBackbonesSayWhatTheyAre(t *testing.T) {
	for want, s := range map[string]backbone.CIFARResNetSettings{
		"CIFAR ResNet-32, width 16":                       {Seed: 1},
		"CIFAR ResNet-8, width 2, channels 1, branches 2": {Depth: 8, Width: 2, Channels: 1, Branches: 2, Seed: 1},
	} {
		r, err := backbone.NewCIFARResNet(s)
		require.NoError(t, err)
		require.Equal(t, want, r.String())
		name, settings := r.Describe()
		require.Equal(t, "cifar-resnet", name)
		again, err := backbone.NewCIFARResNet(settings.(backbone.CIFARResNetSettings))
		require.NoError(t, err)
		require.Equal(t, want, again.String())
		require.Equal(t, r, again, "settings, weights and all")
	}
	m, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{192, 12, 5}, Seed: 1})
	require.NoError(t, err)
	require.Equal(t, "MLP 192-12-5", m.String())
	name, settings := m.Describe()
	require.Equal(t, "mlp", name)
	require.Equal(t, backbone.MLPSettings{Widths: []int{192, 12, 5}}, settings)
}

// A small network of one's own: two convolutions.
func ExampleFunc() {
	rng := rand.New(rand.NewPCG(1, 0))
	body := backbone.Func{Dim: 16, Module: nn.Sequential{
		nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 8, Kernel: 3, Stride: 2, Padding: 1, ReLU: true, Rand: rng}),
		nn.NewConvBN(nn.ConvBNSettings{In: 8, Out: 16, Kernel: 3, Stride: 2, Padding: 1, ReLU: true, Rand: rng}),
		nn.Func(nn.GlobalAvgPool2d)}}
	s, err := nn.Summarize(body, 32, 32, 3)
	fmt.Println(s, err)
	// Output: 1416 parameters, 0.1 million multiply-adds an image, output [16] <nil>
}

func TestAnMLPWithoutLayersLeavesVectorsAsTheyAre(t *testing.T) {
	m, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{5}})
	require.NoError(t, err)
	require.Equal(t, 5, m.OutDim())
	require.Equal(t, "MLP 5", m.String())
	require.Empty(t, nn.Params(m))
	x := autograd.NewTape(autograd.Mode{}).Const(tensor.New(3, 5))
	require.Equal(t, x, m.Forward(x))
}
