package hybrid_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// What must be on disk before a checkpoint is told so after the callbacks of what the checkpoint holds, for every kind of save.
func TestBeforeSaveComesAfterTheCallbacks(t *testing.T) {
	train, _ := generated(t, 5) // 5 steps an epoch
	tr := short()
	tr.Epochs = 2
	var calls []string
	ctx, cancel := context.WithCancel(context.Background())
	tr.OnStep = func(s hybrid.StepReport) {
		calls = append(calls, fmt.Sprintf("step %d", s.At.Step))
		if s.At.Epoch == 1 && s.At.Step == 1 {
			cancel()
		}
	}
	tr.OnEpoch = func(e hybrid.EpochReport) { calls = append(calls, fmt.Sprintf("epoch %d", e.Epoch)) }
	dir := t.TempDir()
	tr.Checkpoints = hybrid.Checkpoints{Dir: dir, EverySteps: 3, Keep: 9, BeforeSave: func() error {
		calls = append(calls, "save after "+listed(t, dir))
		return nil
	}}
	_, err := tr.Fit(ctx, mlp(t), train, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"step 0", "step 1", "step 2", "save after ", "step 3", "step 4", "epoch 0", "save after e0 s3",
		"step 0", "step 1", "save after e0 s3, e1 s0"}, calls)
	require.Equal(t, "e0 s3, e1 s0, e1 s2", listed(t, dir))

	tr.Checkpoints.Resume, tr.OnStep = true, nil
	tr.Checkpoints.BeforeSave = func() error { return errors.New("the disk is full") }
	_, err = tr.Fit(context.Background(), mlp(t), train, nil)
	newest := filepath.Join(dir, "epoch-0001-step-000002")
	require.EqualError(t, err, "hybrid: stopped in epoch 1 at step 3: before saving: the disk is full; the checkpoint before it is intact: "+newest)
	require.Equal(t, "e0 s3, e1 s0, e1 s2", listed(t, dir))
}
