package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
)

// The tables of layers have the work of the networks they stand for.
func TestLayersAreThoseOfTheNetworks(t *testing.T) {
	forward := func(layers []layer) (macs int64) {
		for _, l := range layers {
			macs += int64(l.times) * int64(l.work(2)[0])
		}
		return macs
	}
	macs := func(net *hybrid.Network, size int) int64 {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		net.Forward(tape.Const(tensor.New(2, size, size, 3)))
		return tape.MACs()
	}
	net, err := resnet32()
	require.NoError(t, err)
	require.Equal(t, forward(resnet32Layers)+2*64*10, macs(net, 32), "and the classifier")
	const w = 12
	net, err = hybrid.NewNetwork(newChain(w), 10, hybrid.WithoutProjection())
	require.NoError(t, err)
	require.Equal(t, forward(chainLayers(w))+2*w*10, macs(net, 32))
	for name, features := range map[string]int64{"resnet18": 512, "resnet50": 2048} {
		s := settings{net: name}
		net, err := s.network()
		require.NoError(t, err)
		layers, err := s.layers()
		require.NoError(t, err)
		require.Equal(t, forward(layers)+2*features*1000, macs(net, 224), name)
	}
}

func TestImagesNeedNoGradient(t *testing.T) {
	require.Equal(t, passes{64 * 27 * 4, 0, 64 * 27 * 4}, layer{1, 8, 3, 4, 1, 3}.work(1))
	require.Equal(t, passes{16 * 36 * 4, 16 * 36 * 4, 16 * 36 * 4}, layer{1, 8, 4, 4, 2, 3}.work(1))
}
