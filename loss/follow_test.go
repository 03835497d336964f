package loss_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// snapshot copies everything a loss shows.
func snapshot(t *testing.T, l loss.Loss) map[string]string {
	all := map[string]string{}
	for _, e := range nn.Entries(l.(nn.Visitable)) {
		if e.State != nil {
			b, err := e.State.MarshalBinary()
			require.NoError(t, err)
			all[e.Path] = fmt.Sprint(b)
		} else {
			all[e.Path] = fmt.Sprint(e.Tensor().Data())
		}
	}
	return all
}

// followers are losses that remember steps, for 3 classes and embeddings of width 4.
func followers(t *testing.T) map[string]loss.Loss {
	queue := func() *loss.Queue {
		q, err := loss.NewQueue(6, 4)
		require.NoError(t, err)
		return q
	}
	size := prototype.Settings{Classes: 3, Dim: 4}
	average, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: size})
	require.NoError(t, err)
	mean, err := prototype.NewClassMean(size)
	require.NoError(t, err)
	points, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 3, Dim: 4})
	require.NoError(t, err)
	targets, err := prototype.NewTargets(points)
	require.NoError(t, err)
	proco, err := loss.NewProCo(loss.ProCoSettings{Classes: 3, Dim: 4, Temperature: 1})
	require.NoError(t, err)
	all := map[string]loss.Loss{
		"ProCo": proco,
		"PSC":   &loss.PrototypicalContrastive{Bank: average, Temperature: 1},
		"multi": &loss.MultiPrototypicalContrastive{Bank: mean, PerClass: 1, Temperature: 1},
		"BCL":   &loss.BalancedContrastive{Bank: average, Temperature: 1},
		"KCL":   &loss.KCL{Queue: queue(), Temperature: 1},
		"TSC":   &loss.TSC{KCL: loss.KCL{Queue: queue(), Temperature: 1}, Targets: targets},
		"PaCo":  &loss.PaCo{Queue: queue(), Temperature: 1},
		"GPaCo": &loss.PaCo{Queue: queue(), Temperature: 1, WithoutMomentum: true},
	}
	for _, l := range all {
		require.NoError(t, l.(loss.Preparer).Prepare([]int{5, 3, 1}))
	}
	return all
}

// Forward and Backward change nothing; Commit does, on a training tape.
func TestStepsAreRememberedAtCommit(t *testing.T) {
	for name, l := range followers(t) {
		step := func(mode autograd.Mode, commit bool) {
			tape := autograd.NewTape(mode)
			in := loss.Input{
				Embedding: nn.L2Normalize(tape.Param(autograd.NewParam(gradtest.Normal(1, 1, 4, 4)))),
				Logits:    tape.Const(gradtest.Normal(2, 1, 4, 3)),
				Labels:    []int{0, 1, 0, 1}, Views: 2, At: schedule.Progress{Epochs: 1, Steps: 1},
			}
			if l.Needs().Keys {
				in.Keys = unitTensor(3, 2, 4)
			}
			y, _ := l.Forward(in)
			tape.Backward(y, nil)
			if commit {
				tape.Commit()
			}
		}
		was := snapshot(t, l)
		step(autograd.Mode{Train: true}, false)
		step(autograd.Mode{}, true)
		require.Equal(t, was, snapshot(t, l), name)
		step(autograd.Mode{Train: true}, true)
		require.NotEqual(t, was, snapshot(t, l), name)
	}
}

// The queue takes the keys if there are any, and else the embeddings of the views after the first.
func TestWhatEntersTheQueue(t *testing.T) {
	z, keys := unitTensor(1, 4, 3), unitTensor(2, 2, 3)
	for name, c := range map[string]struct {
		own    bool
		views  int
		want   *tensor.Tensor
		labels []int
	}{
		"keys":           {false, 2, keys, []int{4, 5}},
		"second view":    {true, 2, z.Rows(2, 4), []int{4, 5}},
		"the only views": {true, 1, z, []int{4, 5, 4, 5}},
	} {
		q, err := loss.NewQueue(8, 3)
		require.NoError(t, err)
		l := &loss.KCL{Queue: q, Temperature: 1, WithoutMomentum: c.own}
		tape := autograd.NewTape(autograd.Mode{Train: true})
		in := loss.Input{Embedding: tape.Const(z), Labels: []int{4, 5, 4, 5}, Views: c.views}
		if !c.own {
			in.Keys = keys
		}
		l.Forward(in)
		tape.Commit()
		rows, labels := q.On(tape)
		require.Equal(t, c.want.Data(), rows.Data(), name)
		require.Equal(t, c.labels, labels, name)
	}
}
