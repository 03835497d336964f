package nn_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// counter is state that is no tensor.
type counter struct{ n int }

func (c *counter) MarshalBinary() ([]byte, error) { return []byte(strconv.Itoa(c.n)), nil }

func (c *counter) UnmarshalBinary(b []byte) (err error) {
	c.n, err = strconv.Atoi(string(b))
	return err
}

// tied uses one linear layer twice and has a buffer and a counter.
type tied struct {
	first, second *nn.Linear
	queue         *tensor.Tensor
	position      *counter
	absent        nn.Module
}

func (m tied) Visit(v nn.Visitor) {
	v.Sub("first", m.first)
	v.Sub("second", m.second)
	v.Sub("absent", m.absent)
	v.Buffer("queue", m.queue)
	v.State("position", m.position)
}

func newTied() tied {
	l := nn.NewLinear(nn.LinearSettings{In: 3, Out: 2, Seed: 1})
	return tied{first: l, second: l, queue: tensor.New(4), position: &counter{}}
}

func paths(entries []nn.Entry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Path)
	}
	return all
}

func TestEntriesNameEverythingInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	withBias := nn.NewConv2d(nn.Conv2dSettings{In: 4, Out: 4, Kernel: 1, Rand: rng})
	withBias.Bias = param(4)
	net := nn.Sequential{
		nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 4, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.Func(nn.GlobalAvgPool2d),
		nn.Sequential{withBias, nn.NewLinear(nn.LinearSettings{In: 4, Out: 2, Rand: rng})}, nn.NewCosine(nn.CosineSettings{In: 4, Classes: 2, Rand: rng}), &nn.Linear{Weight: param(2, 2)},
	}
	all := nn.Entries(net)
	require.Equal(t, []string{
		"0.conv.weight", "0.bn.weight", "0.bn.bias", "0.bn.running_mean", "0.bn.running_var",
		"2.0.weight", "2.0.bias", "2.1.weight", "2.1.bias", "3.weight", "4.weight",
	}, paths(all))
	require.Equal(t, nn.HWIO, all[0].Layout)
	require.Equal(t, nn.HWIO, all[5].Layout)
	for _, i := range []int{1, 3, 6, 7, 9} {
		require.Equal(t, nn.Same, all[i].Layout, all[i].Path)
	}
	require.Equal(t, all, nn.Entries(net), "the same each time")
	require.Equal(t, []string{
		"0.conv.weight", "0.bn.weight", "0.bn.bias", "2.0.weight", "2.0.bias", "2.1.weight", "2.1.bias", "3.weight", "4.weight",
	}, paths(nn.Params(net)))
}

func TestEntryHoldsOneThing(t *testing.T) {
	m := newTied()
	all := nn.Entries(m)
	require.Equal(t, []string{"first.weight", "first.bias", "second.weight", "second.bias", "queue", "position"}, paths(all))
	for _, e := range all {
		set := 0
		for _, is := range []bool{e.Param != nil, e.Buffer != nil, e.State != nil} {
			if is {
				set++
			}
		}
		require.Equal(t, 1, set, e.Path)
	}
	require.Same(t, m.first.Weight.Value, all[0].Tensor())
	require.Same(t, m.queue, all[4].Tensor())
	require.Nil(t, all[5].Tensor())
	require.Same(t, m.position, all[5].State)
}

func TestASharedParameterCountsOnce(t *testing.T) {
	m := newTied()
	require.Equal(t, []string{"first.weight", "first.bias"}, paths(nn.Params(m)))
	nn.Name(m)
	require.Equal(t, "first.weight", m.second.Weight.Name, "the first path names it")
}

func TestTensorsAreParametersAndBuffers(t *testing.T) {
	b := nn.NewBatchNorm2d(2)
	require.Equal(t, []*tensor.Tensor{b.Weight.Value, b.Bias.Value, b.RunningMean, b.RunningVar}, nn.Tensors(b))
	require.Empty(t, nn.Tensors(nn.Sequential{nn.Func(nn.ReLU)}))
}

func TestFreeze(t *testing.T) {
	m := nn.NewLinear(nn.LinearSettings{In: 3, Out: 2, Seed: 1})
	nn.Freeze(m, true)
	require.True(t, m.Weight.Frozen && m.Bias.Frozen)
	tape := autograd.NewTape(training)
	y := m.Forward(tape.Const(tensor.New(1, 3)))
	require.False(t, y.NeedsGrad())
	nn.Freeze(m, false)
	require.False(t, m.Weight.Frozen || m.Bias.Frozen)
}
