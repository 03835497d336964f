package train_test

import (
	"context"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A run with recomputation is the run without it, to the bit, and one can go on with the other's checkpoint.
func TestRecomputeChangesNothing(t *testing.T) {
	trainSet, _ := generated(t, 8)
	for name, streams := range methods {
		t.Run(name, func(t *testing.T) {
			run := func(first, second bool) map[string][]float32 {
				dir := t.TempDir()
				part := func(ctx context.Context, recompute bool, onStep func(train.StepReport) error) (*hybrid.Network, hybrid.Streams, error) {
					n, s := resNet(t, 1), streams()
					tr := train.Trainer{Streams: s, Epochs: 2, Batch: 8, Accumulate: 2, LearningRate: schedule.Constant(0.05),
						Recompute: recompute, OnStep: onStep, Checkpoints: train.Checkpoints{Dir: dir, Resume: true}}
					_, err := tr.Fit(ctx, n, trainSet, nil)
					return n, s, err
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, _, err := part(ctx, first, func(r train.StepReport) error {
					if r.At.Epoch == 1 {
						cancel()
					}
					return nil
				})
				require.ErrorIs(t, err, context.Canceled)
				n, s, err := part(t.Context(), second, nil)
				require.NoError(t, err)
				return state(n, s)
			}
			want := run(false, false)
			require.Equal(t, want, run(true, true))
			require.Equal(t, want, run(false, true))
		})
	}
}
