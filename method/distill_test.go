package method_test

import (
	"context"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func TestSettingsOfDiVE(t *testing.T) {
	trainSet, _, _ := data(t)
	m := method.DiVE(loss.Distillation{Temperature: 2, Power: 1})
	_, streams, err := m.New(body(t), setup(trainSet))
	require.NoError(t, err)
	require.Len(t, streams, 1)
	require.Equal(t, &loss.Distillation{Temperature: 2, Power: 1}, streams[0].Terms[0].Loss)
	require.IsType(t, &loss.LogitAdjusted{}, streams[0].Terms[1].Loss)
	for _, term := range streams[0].Terms {
		require.Equal(t, schedule.Constant(0.5), term.Weight)
	}
	_, again, err := m.New(body(t), setup(trainSet))
	require.NoError(t, err)
	require.NotSame(t, streams[0].Terms[0].Loss, again[0].Terms[0].Loss)

	require.Equal(t, "logit-adjusted", m.Teacher.Name)
	for _, recipe := range []func(int) train.Trainer{m.Recipe, m.Teacher.Recipe} {
		tr := recipe(200)
		require.Equal(t, 128, tr.Batch)
		require.Equal(t, optim.SGD{Momentum: 0.9, WeightDecay: 2e-4}, tr.Optimizer)
		for epoch, rate := range map[int]float64{4: 0.1, 119: 0.1, 120: 1e-3, 160: 1e-5} {
			require.InDelta(t, rate, tr.LearningRate.At(schedule.Progress{Epoch: epoch, Epochs: 200}), 1e-12)
		}
	}

	m, err = m.With("dive.tau", "4")
	require.NoError(t, err)
	m, err = m.With("power", "0.25")
	require.NoError(t, err)
	_, streams, err = m.New(body(t), setup(trainSet))
	require.NoError(t, err)
	require.Equal(t, &loss.Distillation{Temperature: 4, Power: 0.25}, streams[0].Terms[0].Loss)
}

// Without a teacher nothing is learnt from one.
func TestDiVENeedsATeacher(t *testing.T) {
	trainSet, _, _ := data(t)
	n, streams, err := method.DiVE(loss.Distillation{}).New(body(t), setup(trainSet))
	require.NoError(t, err)
	_, err = train.Trainer{Streams: streams.Augment(augment.Identity{}), Batch: 8}.Fit(context.Background(), n, trainSet, nil)
	require.ErrorContains(t, err, "Teacher is nil: give it a trained network")
	require.ErrorContains(t, err, "Streams.TaughtBy")
}
