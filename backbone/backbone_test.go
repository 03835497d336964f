package backbone_test

import (
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestSettingsAreChecked(t *testing.T) {
	_, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 33})
	require.EqualError(t, err, "backbone: a CIFAR ResNet has depth 6n+2 (8, 20, 32, 44, 56, 110), not 33")
	_, err = backbone.NewResNet(backbone.ResNetSettings{Depth: 2})
	require.Error(t, err)
	_, err = backbone.NewResNet(backbone.ResNetSettings{Width: -1})
	require.EqualError(t, err, "backbone: width -1 and channels 3 must be at least 1")
	_, err = backbone.NewMLP(1, 5)
	require.EqualError(t, err, "backbone: an MLP needs the width of its input and of at least one layer, not [5]")
	_, err = backbone.NewMLP(1, 5, 0)
	require.EqualError(t, err, "backbone: the widths of an MLP must be at least 1, not [5 0]")
}

func TestSameSeedSameWeights(t *testing.T) {
	weight := func(seed uint64) []float32 {
		r, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 8, Seed: seed})
		require.NoError(t, err)
		return nn.Params(r)[0].Param.Value.Data()
	}
	require.Equal(t, weight(1), weight(1))
	require.NotEqual(t, weight(1), weight(2))
}

// Odd sizes, a single pixel, other widths and channels, a batch of one.
func TestResNetTakesAnyImage(t *testing.T) {
	r, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 8, Width: 5, Channels: 1})
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
	r, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 8})
	require.NoError(t, err)
	nn.Name(r)
	_, err = nn.Summarize(r, 32, 32, 1)
	require.EqualError(t, err, "nn.ConvBN (conv1.weight) [1 32 32 1], [3 3 3 16]: the image has 1 channels, the weight takes 3")
}

func TestMLPFlattensImages(t *testing.T) {
	m, err := backbone.NewMLP(1, 12, 7, 4)
	require.NoError(t, err)
	x := gradtest.Normal(1, 1, 3, 2, 2, 3)
	tape := autograd.NewTape(autograd.Mode{})
	a, b := m.Forward(tape.Const(x)), m.Forward(tape.Const(x.Reshape(3, 12)))
	require.Equal(t, a.Data(), b.Data())
	require.Equal(t, 4, m.OutDim())
	require.Equal(t, "1.bias", nn.Params(m)[3].Path)
	require.Error(t, tensor.Try(func() error { m.Forward(tape.Const(tensor.New(3, 2, 2, 2))); return nil }))
}

func ExampleNewResNet() {
	r, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 32, Seed: 1})
	if err != nil {
		panic(err)
	}
	s, err := nn.Summarize(r, 32, 32, 3)
	fmt.Println(s, err)
	// Output: 463504 parameters, 68.9 million multiply-adds an image, output [64] <nil>
}

func ExampleNewMLP() {
	m, err := backbone.NewMLP(1, 784, 256, 64)
	fmt.Println(m.OutDim(), err)
	// Output: 64 <nil>
}
