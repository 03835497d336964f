package train_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// What must be on disk before a checkpoint is told so after the callbacks of what the checkpoint holds, for every kind of save.
func TestBeforeSaveComesAfterTheCallbacks(t *testing.T) {
	trainSet, _ := generated(t, 5) // 5 steps an epoch
	tr := short()
	tr.Epochs = 2
	var calls []string
	ctx, cancel := context.WithCancel(context.Background())
	tr.OnStep = func(s train.StepReport) {
		calls = append(calls, fmt.Sprintf("step %d", s.At.Step))
		if s.At.Epoch == 1 && s.At.Step == 1 {
			cancel()
		}
	}
	tr.OnEpoch = func(e train.EpochReport) { calls = append(calls, fmt.Sprintf("epoch %d", e.Epoch)) }
	dir := t.TempDir()
	tr.Checkpoints = train.Checkpoints{Dir: dir, EverySteps: 3, Keep: 9, BeforeSave: func() error {
		calls = append(calls, "save after "+listed(t, dir))
		return nil
	}}
	_, err := tr.Fit(ctx, mlp(t), trainSet, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"step 0", "step 1", "step 2", "save after ", "step 3", "step 4", "epoch 0", "save after e0 s3",
		"step 0", "step 1", "save after e0 s3, e1 s0"}, calls)
	require.Equal(t, "e0 s3, e1 s0, e1 s2", listed(t, dir))

	tr.Checkpoints.Resume, tr.OnStep = true, nil
	tr.Checkpoints.BeforeSave = func() error { return errors.New("the disk is full") }
	_, err = tr.Fit(context.Background(), mlp(t), trainSet, nil)
	newest := filepath.Join(dir, "epoch-0001-step-000002")
	require.EqualError(t, err, "train: stopped in epoch 1 at step 3: before saving: the disk is full; the checkpoint before it is intact: "+newest)
	require.Equal(t, "e0 s3, e1 s0, e1 s2", listed(t, dir))
}
