package train_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Samples that make no whole step are counted, by manifests, and by reports once an epoch, however often the run stopped.
func TestDroppedSamplesAreCounted(t *testing.T) {
	trainSet, test := generated(t, 9) // 36 images
	dir := t.TempDir()
	of := func() train.Trainer {
		return train.Trainer{Streams: hybrid.CE(), Epochs: 2, Batch: 5, Accumulate: 2, LearningRate: schedule.Constant(0.01),
			Checkpoints: train.Checkpoints{Dir: dir, Resume: true}}
	}
	tr := of()
	require.Equal(t, 6, manifestOf(t, tr, mlp(t), trainSet, test).Training.Dropped)
	ctx, cancel := context.WithCancel(context.Background())
	tr.OnStep = func(train.StepReport) error { cancel(); return nil }
	_, err := tr.Fit(ctx, mlp(t), trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	r := fit(t, of(), mlp(t), trainSet, test)
	require.Len(t, r.Epochs, 2)
	for _, e := range r.Epochs {
		require.Equal(t, 3, e.Steps)
		require.Equal(t, 6, e.Dropped)
	}
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.Contains(t, string(text), `"dropped":6`)

	tr = of()
	tr.Batch, tr.LimitSteps = 6, 1
	require.Zero(t, manifestOf(t, tr, mlp(t), trainSet, test).Training.Dropped, "a limit is asked for")
	tr.Streams, tr.Batch, tr.Accumulate = hybrid.SC(0.1), 10, 1
	require.Equal(t, 12, manifestOf(t, tr, mlp(t), trainSet, test).Training.Dropped, "of two streams")
	tr.Batch = 99
	require.Zero(t, manifestOf(t, tr, mlp(t), trainSet, test).Training.Dropped, "Fit refuses that")
}
