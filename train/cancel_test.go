package train_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func TestCancelledFitReturnsWhatWasReached(t *testing.T) {
	trainSet, test := generated(t, 10)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tr, n := short(), resNet(t, 1)
	tr.Epochs = 3
	kept := lastStep(&tr, n)
	after := tr.OnStep
	tr.OnStep = func(s train.StepReport) error {
		after(s)
		if s.At.Epoch == 1 && s.At.Step == 3 {
			cancel()
		}
		return nil
	}
	epochs := 0
	tr.OnEpoch = func(train.EpochReport) error { epochs++; return nil }
	r, err := tr.Fit(ctx, n, trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "train: stopped in epoch 1 at step 4: context canceled")
	require.Len(t, r.Epochs, 2)
	require.Equal(t, 10, r.Epochs[0].Steps)
	require.Equal(t, 4, r.Epochs[1].Steps)
	require.NotNil(t, r.Epochs[0].Test)
	require.Nil(t, r.Epochs[1].Test)
	require.Equal(t, r.Epochs[0].Test, r.Last)
	require.Equal(t, 14*4, r.Images)
	require.Equal(t, 1, epochs, "OnEpoch is for whole epochs")
	require.Equal(t, *kept, state(n, nil))
	_, err = n.Freeze()
	require.NoError(t, err, "the weights are finite")
	requireSettled(t, before)
}

func TestCancelledBeforeTheFirstStep(t *testing.T) {
	trainSet, test := generated(t, 10)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	n := mlp(t)
	weights := state(n, nil)
	r, err := short().Fit(ctx, n, trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 0: context canceled")
	require.Equal(t, &train.Result{}, r)
	require.Equal(t, weights, state(n, nil))
	_, err = n.Evaluate(ctx, test, 0)
	require.ErrorIs(t, err, context.Canceled)
	requireSettled(t, before)
}

func TestCancelledDuringEvaluation(t *testing.T) {
	trainSet, test := generated(t, 10)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var one sync.Mutex // so that nobody asks while the other cancels
	asked := 0
	tr := short()
	tr.Epochs, tr.EvalBatch, tr.Workers = 2, 8, 2
	r, err := tr.Fit(ctx, mlp(t), trainSet, with{Dataset: test, image: func(i int, dst *dataset.Image) error {
		one.Lock()
		defer one.Unlock()
		if asked++; asked == 10 {
			cancel()
		}
		return test.Image(i, dst)
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "train: evaluation after epoch 0: context canceled")
	require.LessOrEqual(t, asked, 11, "no image is asked for but those in hand")
	require.Len(t, r.Epochs, 1)
	require.Equal(t, 10, r.Epochs[0].Steps)
	require.Nil(t, r.Epochs[0].Test)
	require.Nil(t, r.Last)
	requireSettled(t, before)
}

// Cancelling in the last step loses the evaluation, but nothing that was trained.
func TestCancelledInTheLastStep(t *testing.T) {
	trainSet, test := generated(t, 10)
	for _, set := range []dataset.Dataset{nil, test} {
		ctx, cancel := context.WithCancel(context.Background())
		tr := short()
		tr.OnStep = func(s train.StepReport) error {
			if s.At.Step == s.At.Steps-1 {
				cancel()
			}
			return nil
		}
		r, err := tr.Fit(ctx, mlp(t), trainSet, set)
		if set == nil {
			require.NoError(t, err, "all that was asked for was done")
		} else {
			require.EqualError(t, err, "train: evaluation after epoch 0: context canceled")
		}
		require.Equal(t, 10, r.Epochs[0].Steps)
		require.Equal(t, 40, r.Images)
		cancel()
	}
}
