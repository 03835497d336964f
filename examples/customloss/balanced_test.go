package main

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The loss a user wrote agrees with the reference implementation of the method, gradients included.
func TestVectorBalanced(t *testing.T) {
	t.Chdir("../../loss")
	var cases []struct {
		Loss                    string
		Embedding, Prototypes   vectortest.Tensor
		DEmbedding, DPrototypes vectortest.Tensor
		Labels                  []int
		Temperature, Value      float64
	}
	vectortest.Load(t, "losses", &cases)
	for _, c := range cases {
		if c.Loss != "balanced_contrastive" {
			continue
		}
		param := func(v vectortest.Tensor) *autograd.Param {
			x, err := tensor.FromSlice(v.Float32(), v.Shape...)
			require.NoError(t, err)
			return autograd.NewParam(x)
		}
		z, bank := param(c.Embedding), &prototype.Learnable{Weight: param(c.Prototypes)}
		tape := autograd.NewTape(autograd.Mode{Train: true})
		y, _ := (&Balanced{Bank: bank, Temperature: c.Temperature}).Forward(loss.Input{Embedding: nn.L2Normalize(tape.Param(z)), Labels: c.Labels, Views: 1})
		tape.Backward(y, nil)
		vectortest.Close(t, "value", y.Data(), []float64{c.Value}, 0)
		vectortest.Close(t, "dembedding", z.Grad.Data(), c.DEmbedding.Data, 0)
		vectortest.Close(t, "dprototypes", bank.Weight.Grad.Data(), c.DPrototypes.Data, 0)
	}
}
