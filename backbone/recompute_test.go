package backbone_test

import (
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// Block by block, a step takes less memory and has the same bits; one without gradients takes little in any case.
func TestRecomputedBlocks(t *testing.T) {
	for name, c := range map[string]struct {
		make func() (backbone.Backbone, error)
		size int
		most float64 // of the memory of a step
	}{
		"CIFAR ResNet-20": {func() (backbone.Backbone, error) {
			return backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 20, Width: 4})
		}, 16, 0.9},
		"two branches": {func() (backbone.Backbone, error) {
			return backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 14, Width: 4, Branches: 2})
		}, 16, 0.9},
		"ResNet-50": {func() (backbone.Backbone, error) {
			return backbone.NewResNet(backbone.ResNetSettings{Depth: 50, Width: 4})
		}, 33, 0.8},
		"ResNet-18": {func() (backbone.Backbone, error) {
			return backbone.NewResNet(backbone.ResNetSettings{Depth: 18, Width: 4})
		}, 32, 1.01},
	} {
		t.Run(name, func(t *testing.T) {
			step := func(recompute bool, frozen string) (all map[string][]float32, peak int64) {
				b, err := c.make()
				require.NoError(t, err)
				if frozen != "" {
					_, err := nn.FreezePaths(b, frozen)
					require.NoError(t, err)
				}
				tape := autograd.NewTape(autograd.Mode{Train: true, Recompute: recompute})
				y := b.Forward(tape.Const(gradtest.Normal(1, 1, 4, c.size, c.size, 3)))
				all = map[string][]float32{"features": slices.Clone(y.Data())}
				tape.Backward(y, gradtest.Normal(2, 1, 4, b.OutDim()))
				tape.Commit()
				for _, e := range nn.Entries(b) {
					all[e.Path] = slices.Clone(e.Tensor().Data())
					if e.Param != nil && e.Param.Grad != nil {
						all[e.Path+" gradient"] = slices.Clone(e.Param.Grad.Data())
					}
				}
				return all, tape.PeakBytes()
			}
			plain, peak := step(false, "")
			again, lower := step(true, "")
			require.Equal(t, plain, again)
			require.Less(t, float64(lower), c.most*float64(peak))
			plain, _ = step(false, "layer1.**")
			again, _ = step(true, "layer1.**")
			require.Equal(t, plain, again)

			b, err := c.make()
			require.NoError(t, err)
			tape := autograd.NewTape(autograd.Mode{NoGrad: true})
			b.Forward(tape.Const(gradtest.Normal(1, 1, 4, c.size, c.size, 3)))
			require.Less(t, 2*tape.PeakBytes(), peak)
		})
	}
}
