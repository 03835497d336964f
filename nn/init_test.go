package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// moments returns mean, variance and the largest magnitude.
func moments(x *tensor.Tensor) (mean, variance, most float64) {
	n := float64(x.Len())
	for _, v := range widen(x) {
		mean += v / n
		variance += v * v / n
		most = math.Max(most, math.Abs(v))
	}
	return mean, variance - mean*mean, most
}

func TestInitialization(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := tensor.New(100_000)
	nn.HeNormal(x, 50, rng)
	mean, variance, _ := moments(x)
	require.InDelta(t, 0, mean, 0.003)
	require.InEpsilon(t, 2.0/50, variance, 0.03)

	nn.XavierUniform(x, 20, 30, rng)
	mean, variance, most := moments(x)
	require.InDelta(t, 0, mean, 0.003)
	require.InEpsilon(t, 2.0/50, variance, 0.03)
	require.LessOrEqual(t, most, math.Sqrt(6.0/50)+1e-6)

	for _, fill := range []func(){func() { nn.HeNormal(x, 0, rng) }, func() { nn.XavierUniform(x, 0, 0, rng) }} {
		fill()
		requireFinite(t, x, "a fan of nothing")
	}
	nn.HeNormal(tensor.New(0), 3, rng)
}

func TestLayersStartAsPromised(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	l := nn.NewLinear(nn.LinearSettings{In: 100, Out: 300, Rand: rng})
	for _, x := range []*tensor.Tensor{l.Weight.Value, l.Bias.Value} {
		mean, variance, most := moments(x)
		require.InDelta(t, 0, mean, 0.02)
		require.InEpsilon(t, 0.01/3, variance, 0.2)
		require.LessOrEqual(t, most, 0.1+1e-6)
	}
	c := nn.NewConv2d(nn.Conv2dSettings{In: 16, Out: 64, Kernel: 3, Stride: 2, Padding: 1, Rand: rng})
	require.Equal(t, tensor.Shape{3, 3, 16, 64}, c.Weight.Value.Shape())
	require.Nil(t, c.Bias)
	_, variance, _ := moments(c.Weight.Value)
	require.InEpsilon(t, 2.0/(9*16), variance, 0.05)
	cosine := func() *nn.Cosine {
		return nn.NewCosine(nn.CosineSettings{In: 8, Classes: 4, Seed: 3})
	}
	require.Equal(t, cosine(), cosine(), "the seed decides")
	requireFinite(t, nn.NewLinear(nn.LinearSettings{In: 0, Out: 3, Rand: rng}).Bias.Value, "no inputs")
}
