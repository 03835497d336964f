package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNetworksOfTheFlags(t *testing.T) {
	for name, want := range map[string]struct{ classes, size int }{"resnet32": {10, 32}, "resnet18": {1000, 224}} {
		s := settings{net: name}
		_, classes, size, err := s.backbone()
		require.NoError(t, err)
		require.Equal(t, []int{want.classes, want.size}, []int{classes, size})
		s.size, s.batch = 16, 2
		r, err := infer(s)
		require.NoError(t, err)
		require.Subset(t, r, result{"net": name, "size": 16, "batch": 2, "bf16": false})
		require.Greater(t, r["images_per_second"], 0.0)
		require.Greater(t, r["ms"], 0.0)
	}
	_, err := settings{net: "vgg"}.network()
	require.ErrorContains(t, err, `no ResNet is named "vgg"`)
}
