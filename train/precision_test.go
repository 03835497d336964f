package train_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A run in bfloat16 has the same bits whatever GOMAXPROCS, stopped or not, is no run in float32, and learns.
func TestPrecisionOfARun(t *testing.T) {
	trainSet, test := generated(t, 12)
	trainer := func(dir string, p autograd.Precision) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 12, LearningRate: schedule.Constant(0.05), Precision: p,
			Checkpoints: train.Checkpoints{Dir: dir, Resume: true}}
	}
	whole := func(procs int, p autograd.Precision) map[string][]float32 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		n, tr := resNet(t, 1), trainer(t.TempDir(), p)
		fit(t, tr, n, trainSet, test)
		return state(n, tr.Streams)
	}
	want := whole(1, autograd.BFloat16)
	require.Equal(t, want, whole(3, autograd.BFloat16))
	require.NotEqual(t, want, whole(1, autograd.Float32))

	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tr := trainer(dir, autograd.BFloat16)
	tr.OnStep = func(r train.StepReport) error {
		if r.At.Epoch == 1 {
			cancel()
		}
		return nil
	}
	_, err := tr.Fit(ctx, resNet(t, 1), trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	_, err = trainer(dir, autograd.Float32).Fit(t.Context(), resNet(t, 1), trainSet, test)
	require.ErrorContains(t, err, `training.precision was "bfloat16"`)
	n, tr := resNet(t, 1), trainer(dir, autograd.BFloat16)
	fit(t, tr, n, trainSet, test)
	require.Equal(t, want, state(n, tr.Streams))
}

func TestAPrecisionThatIsNoneIsTold(t *testing.T) {
	trainSet, test := generated(t, 4)
	tr := short()
	tr.Precision = 7
	_, err := tr.Fit(t.Context(), mlp(t), trainSet, test)
	require.ErrorContains(t, err, "Trainer.Precision is Precision(7)")
	for _, p := range []autograd.Precision{autograd.Float32, autograd.BFloat16} {
		got, err := autograd.ParsePrecision(p.String())
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	_, err = autograd.ParsePrecision("float16")
	require.ErrorContains(t, err, `"float16"`)
}
