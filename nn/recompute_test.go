package nn_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// Gradients, randomness and running statistics are those of the modules alone, with whatever is frozen.
func TestRecomputeIsTheModule(t *testing.T) {
	parts := func() []nn.Module {
		rng := rand.New(rand.NewPCG(1, 0))
		conv := func(in, out int) nn.Module {
			return nn.NewConvBN(nn.ConvBNSettings{In: in, Out: out, Kernel: 3, Padding: 1, ReLU: true, Rand: rng})
		}
		return []nn.Module{
			nn.Sequential{conv(3, 8), nn.Dropout{}},
			nn.Sequential{nn.Dropout{Keep: 0.7}, conv(8, 8), conv(8, 16), nn.NewBatchNorm2d(16)},
			nn.Sequential{conv(16, 8), nn.Func(nn.GlobalAvgPool2d), nn.NewLinear(nn.LinearSettings{In: 8, Out: 5, Rand: rng})},
		}
	}
	for name, freeze := range map[string]func(nn.Module){
		"all trained":       func(nn.Module) {},
		"first part frozen": func(m nn.Module) { freezePaths(t, m, "0.**") },
		"statistics frozen": func(m nn.Module) {
			_, err := nn.FreezeStatistics(m, "**")
			require.NoError(t, err)
		},
		"a weight in between":  func(m nn.Module) { freezePaths(t, m, "1.1.conv.weight") },
		"everything is frozen": func(m nn.Module) { nn.Freeze(m, true) },
	} {
		t.Run(name, func(t *testing.T) {
			outcome := func(wrap func(nn.Module) nn.Module) map[string][]float32 {
				var m nn.Sequential
				for _, p := range parts() {
					m = append(m, wrap(p))
				}
				freeze(m)
				tape := autograd.NewTape(autograd.Mode{})
				all := map[string][]float32{}
				for step := range uint64(2) {
					tape.Reset(autograd.Mode{Train: true, Seed: step})
					y := m.Forward(tape.Const(gradtest.Normal(1, 1, 4, 6, 6, 3)))
					all["result"] = append(all["result"], y.Data()...)
					tape.Backward(y, gradtest.Normal(2, 1, 4, 5))
					tape.Commit()
				}
				for _, e := range nn.Entries(m) {
					all[e.Path] = slices.Clone(e.Tensor().Data())
					if e.Param != nil && e.Param.Grad != nil {
						all[e.Path+" gradient"] = slices.Clone(e.Param.Grad.Data())
					}
				}
				return all
			}
			want := outcome(func(m nn.Module) nn.Module { return m })
			require.Equal(t, want, outcome(func(m nn.Module) nn.Module { return nn.Recompute{Module: m} }))
		})
	}
}

func freezePaths(t *testing.T, m nn.Module, pattern string) {
	n, err := nn.FreezePaths(m, pattern)
	require.NoError(t, err)
	require.NotZero(t, n)
}
