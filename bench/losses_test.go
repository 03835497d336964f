package main

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// What SC is compared with is SC.
func TestHeldContrastIsTheSCLoss(t *testing.T) {
	z, labels := gradtest.Normal(1, 1, 40, 8), randomLabels(40)
	labels[3] = 99 // without a positive
	run := func(f func(loss.Input) *autograd.Var) (float32, []float32) {
		p, tape := autograd.NewParam(z.Clone()), autograd.NewTape(autograd.Mode{Train: true})
		l := f(loss.Input{Embedding: nn.L2Normalize(tape.Param(p)), Labels: labels, Views: 1})
		tape.Backward(l, nil)
		return l.Value().Item(), p.Grad.Data()
	}
	want, gradient := run(func(in loss.Input) *autograd.Var { l, _ := (&loss.SupervisedContrastive{}).Forward(in); return l })
	got, same := run(heldContrast)
	require.InDelta(t, want, got, 1e-5)
	require.InDeltaSlice(t, gradient, same, 1e-6)
}

func TestMemoryOfLosses(t *testing.T) {
	r, err := losses(settings{batch: 256, dim: 16})
	require.NoError(t, err)
	require.Len(t, r["points"], 6)
}
