package nn_test

import (
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestSummarize(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{
		nn.NewConv2d(nn.Conv2dSettings{In: 3, Out: 8, Kernel: 3, Stride: 2, Padding: 1, Rand: rng}), // 4·4 outputs of 8 channels, 27 products each
		nn.NewConvBN(nn.ConvBNSettings{In: 8, Out: 16, Kernel: 1, ReLU: true, Rand: rng}),           // 4·4·16, 8 each
		nn.Func(nn.GlobalAvgPool2d),                                 //
		nn.NewLinear(nn.LinearSettings{In: 16, Out: 10, Rand: rng}), // 10, 16 each
		&nn.Linear{Weight: param(5, 10), Bias: nil},                 // 5, 10 each
	}
	nn.Freeze(net[1], true)
	running := net[1].(*nn.ConvBN).BN.RunningMean.Clone()
	s, err := nn.Summarize(net, 8, 8, 3)
	require.NoError(t, err)
	require.Equal(t, nn.Summary{
		Parameters:   27*8 + 8*16 + 2*16 + 160 + 10 + 50,
		MultiplyAdds: 16*8*27 + 16*16*8 + 160 + 50,
		Output:       tensor.Shape{5},
	}, s)
	require.Equal(t, running, net[1].(*nn.ConvBN).BN.RunningMean)
	require.Equal(t, "596 parameters, 0.0 million multiply-adds an image, output [5]", s.String())
}

// twice is a module that applies one layer two times.
type twice struct{ *nn.Linear }

func (m twice) Forward(x *autograd.Var) *autograd.Var { return m.Linear.Forward(m.Linear.Forward(x)) }

func (m twice) Visit(v nn.Visitor) {
	v.Sub("a", m.Linear)
	v.Sub("b", m.Linear)
}

func TestSummarizeCountsSharedParametersOnceAndTheirUseTwice(t *testing.T) {
	s, err := nn.Summarize(twice{nn.NewLinear(nn.LinearSettings{In: 4, Out: 4, Seed: 1})}, 4)
	require.NoError(t, err)
	require.Equal(t, nn.Summary{Parameters: 20, MultiplyAdds: 32, Output: tensor.Shape{4}}, s)
}

func TestSummarizeErrors(t *testing.T) {
	net := nn.Sequential{nn.NewConv2d(nn.Conv2dSettings{In: 3, Out: 8, Kernel: 3, Padding: 1, Seed: 1})}
	nn.Name(net)
	_, err := nn.Summarize(net, 8, 8, 1)
	require.EqualError(t, err, "nn.Conv2d (0.weight) [1 8 8 1], [3 3 3 8]: the image has 1 channels, the weight takes 3")
	_, err = nn.Summarize(net)
	require.EqualError(t, err, "nn.Conv2d (0.weight) [1], [3 3 3 8]: needs images [N, H, W, C] and a weight [KH, KW, I, O]")
	_, err = nn.Summarize(net, -1)
	require.EqualError(t, err, "tensor.New [1 -1]: negative dimension")
	_, err = nn.Summarize(nn.Func(autograd.Sum), 3)
	require.EqualError(t, err, "nn.Summarize []: the output has no batch dimension")
}
