package backbone_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Sizes that no network has are errors, whatever their products come to.
func TestHostileSettings(t *testing.T) {
	size := rapid.SampledFrom([]int{0, 1, 2, 8, 1 << 20, 1<<20 + 1, math.MaxInt>>31 + 1, math.MaxInt>>3 + 1, math.MaxInt>>3 + 2, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, -(math.MaxInt>>1 + 1), math.MinInt})
	depth := rapid.SampledFrom([]int{0, 8, 18, 50, (math.MaxInt>>23+1)*6 + 2, math.MaxInt - 5, math.MinInt + 2})
	rapid.Check(t, func(t *rapid.T) {
		c := backbone.CIFARResNetSettings{Depth: depth.Draw(t, "depth"), Width: size.Draw(t, "width"), Channels: size.Draw(t, "channels"), Branches: size.Draw(t, "branches")}
		r := backbone.ResNetSettings{Depth: c.Depth, Width: c.Width, Channels: c.Channels, Branches: c.Branches, Groups: size.Draw(t, "groups"), GroupWidth: size.Draw(t, "group width")}
		m := backbone.MLPSettings{Widths: rapid.SliceOfN(size, 0, 4).Draw(t, "widths")}
		absurd := func(sizes ...int) bool {
			for _, n := range sizes {
				if n < 0 || n > 1<<20 {
					return true
				}
			}
			return false
		}
		if absurd(c.Depth, c.Width, c.Channels, c.Branches) { // others may be built, at a cost
			_, err := backbone.NewCIFARResNet(c)
			require.ErrorContains(t, err, "backbone: ")
		}
		if absurd(r.Depth, r.Width, r.Channels, r.Branches, r.Groups, r.GroupWidth) {
			_, err := backbone.NewResNet(r)
			require.ErrorContains(t, err, "backbone: ")
		}
		for _, w := range m.Widths {
			if w < 1 || w > math.MaxInt32 {
				_, err := backbone.NewMLP(m)
				require.ErrorContains(t, err, "backbone: ")
			}
		}
	})
}

// Each size by itself may be, all together not.
func TestTooManyWeights(t *testing.T) {
	for _, make := range []func() error{
		func() error {
			_, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Width: 1 << 16})
			return err
		},
		func() error {
			_, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 9998, Width: 512, Branches: 999})
			return err
		},
		func() error { _, err := backbone.NewResNet(backbone.ResNetSettings{Width: 1 << 14}); return err },
		func() error {
			_, err := backbone.NewResNet(backbone.ResNetSettings{Groups: 1 << 15, GroupWidth: 1 << 15})
			return err
		},
		func() error {
			_, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{1 << 20, 1 << 20}})
			return err
		},
	} {
		require.ErrorContains(t, make(), "weights")
	}
}
