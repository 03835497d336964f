package optim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
)

// TestVectorOptimisers compares the parameter after every step with what PyTorch's optimizers give.
func TestVectorOptimisers(t *testing.T) {
	type options struct {
		LR, Momentum, Eps float64
		WeightDecay       *float64 `json:"weight_decay"`
		Nesterov          bool
		Betas             [2]float64
	}
	var cases []struct {
		Optimiser, Schedule string
		Options             options
		Start               vectortest.Tensor
		Gradients, After    []vectortest.Tensor
	}
	vectortest.Load(t, "optimisers", &cases)
	found := 0
	for i, c := range cases {
		if c.Schedule != "" {
			continue
		}
		found++
		t.Run(fmt.Sprint(i, "_", c.Optimiser), func(t *testing.T) {
			decay := 0.0
			if c.Optimiser == "adamw" {
				decay = 0.01 // PyTorch's default
			}
			if c.Options.WeightDecay != nil {
				decay = *c.Options.WeightDecay
			}
			var rule optim.Rule
			switch o := c.Options; c.Optimiser {
			case "sgd":
				rule = optim.SGD{Momentum: o.Momentum, Nesterov: o.Nesterov, WeightDecay: decay}
			case "adam":
				rule = optim.Adam{Beta1: o.Betas[0], Beta2: o.Betas[1], Epsilon: o.Eps, WeightDecay: decay}
			case "adamw":
				rule = optim.AdamW{Beta1: o.Betas[0], Beta2: o.Betas[1], Epsilon: o.Eps, WeightDecay: decay}
			default:
				t.Fatalf("no optimizer is named %q", c.Optimiser)
			}
			p := param(t, c.Start.Float32(), c.Start.Shape...)
			opt, err := rule.New([]nn.Entry{{Path: "p", Param: p}})
			require.NoError(t, err)
			require.NotEmpty(t, c.After)
			require.Len(t, c.Gradients, len(c.After))
			for step, want := range c.After {
				setGrad(t, p, c.Gradients[step].Float32()...)
				opt.Step(c.Options.LR)
				vectortest.Close(t, fmt.Sprint("after step ", step), p.Value.Data(), want.Data, 0)
			}
		})
	}
	require.NotZero(t, found, "the file has no optimisers")
}

func param(t testing.TB, v []float32, shape ...int) *autograd.Param {
	t.Helper()
	x, err := tensor.FromSlice(v, shape...)
	require.NoError(t, err)
	return autograd.NewParam(x)
}

func setGrad(t testing.TB, p *autograd.Param, v ...float32) {
	t.Helper()
	g, err := tensor.FromSlice(v, p.Value.Shape()...)
	require.NoError(t, err)
	p.Grad = g
}
