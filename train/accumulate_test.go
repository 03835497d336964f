package train_test

import (
	"context"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Without batch norm, n batches in a step are one batch of all their samples: same images, same views, same update.
func TestAccumulatedBatchesAreOneBatch(t *testing.T) {
	trainSet, test := generated(t, 9) // 36 images: 4 steps of 8
	for _, n := range []int{2, 4} {
		var ends []map[string][]float32
		var results []*train.Result
		for _, accumulate := range []int{1, n} {
			net := mlp(t)
			tr := train.Trainer{Streams: hybrid.PSC(0.5), Epochs: 3, Batch: 8 / accumulate, Accumulate: accumulate, Seed: 3,
				LearningRate: schedule.Warmup{Epochs: 1, Then: schedule.Constant(0.05)}, Optimizer: optim.SGD{Momentum: 0.9}}
			var steps []schedule.Progress
			tr.OnStep = func(s train.StepReport) error { steps = append(steps, s.At); return nil }
			results = append(results, fit(t, tr, net, trainSet, test))
			require.Len(t, steps, 12)
			require.Equal(t, schedule.Progress{Epoch: 2, Epochs: 3, Step: 3, Steps: 4}, steps[11])
			ends = append(ends, state(net, tr.Streams))
		}
		for path, want := range ends[0] {
			require.InDeltaSlice(t, want, ends[1][path], 1e-5, path)
		}
		for i, e := range results[0].Epochs {
			got := results[1].Epochs[i]
			require.Equal(t, e.Steps, got.Steps)
			require.Equal(t, e.Images, got.Images)
			require.InDelta(t, e.Total, got.Total, 1e-5)
			for j, l := range e.Losses {
				require.InDelta(t, l.Value, got.Losses[j].Value, 1e-5)
				require.Equal(t, l.Weight, got.Losses[j].Weight)
				require.Equal(t, l.Anchors, got.Losses[j].Anchors)
			}
		}
	}
}

// Batch norm's running statistics move with each batch, weights with each step.
func TestAccumulatedBatchesMoveRunningStatisticsEach(t *testing.T) {
	trainSet, _ := generated(t, 4)
	end := func(batch, accumulate int) map[string][]float32 {
		n, tr := resNet(t, 1), short()
		tr.Batch, tr.Accumulate, tr.LearningRate = batch, accumulate, schedule.Constant(0)
		fit(t, tr, n, trainSet, nil)
		return state(n, nil)
	}
	four, two := end(4, 1), end(4, 2) // with a rate of 0 a step changes nothing else
	require.Equal(t, four, two)
	require.NotEqual(t, four["backbone.bn1.running_mean"], end(8, 1)["backbone.bn1.running_mean"])
}

func TestAStepThatCannotBeFinishedLeavesNothing(t *testing.T) {
	trainSet, _ := generated(t, 10)
	ctx, cancel := context.WithCancel(context.Background())
	n, tr := resNet(t, 1), short()
	tr.Accumulate = 5
	kept := lastStep(&tr, n)
	batches := 0
	tr.Streams[0].Terms[0].Loss = spy{needs: loss.Needs{Logits: true}, see: func(loss.Input) {
		if batches++; batches == 8 {
			cancel()
		}
	}}
	r, err := tr.Fit(ctx, n, trainSet, nil)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 1: context canceled")
	require.Equal(t, 1, r.Epochs[0].Steps)
	require.Equal(t, 8, batches)
	require.Equal(t, *kept, state(n, nil), "running statistics as well")
}

func TestAStepLargerThanTheData(t *testing.T) {
	trainSet, _ := generated(t, 5)
	tr := short()
	tr.Accumulate = 6
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: stream 0: a batch of 24 is larger than the 20 images of an epoch: choose a smaller batch")
}

type told struct {
	inOrder
	plans *[]sampler.Plan
}

func (s told) Epoch(labels []int, p sampler.Plan) ([]int, error) {
	*s.plans = append(*s.plans, p)
	return s.inOrder.Epoch(labels, p)
}

func TestASamplerIsToldTheImagesOfAStep(t *testing.T) {
	trainSet, _ := generated(t, 5)
	tr, plans := short(), []sampler.Plan{}
	tr.Accumulate = 2
	tr.Streams[0].Sampler = told{plans: &plans}
	fit(t, tr, mlp(t), trainSet, nil)
	require.Len(t, plans, 1)
	require.Equal(t, 2*tr.Batch, plans[0].Batch)
}

// What a loss gathers over an epoch ends with the epoch's last batch, not with each batch of its last step.
func TestALossCountsBatchesNotSteps(t *testing.T) {
	trainSet, _ := generated(t, 6) // 24 images
	var seen []schedule.Progress
	term := hybrid.Term{Name: "spy", Loss: spy{loss.Needs{Logits: true}, func(in loss.Input) { seen = append(seen, in.At) }}}
	fit(t, train.Trainer{Streams: []hybrid.Stream{ordered(term)}, Epochs: 1, Batch: 4, Accumulate: 3, LearningRate: schedule.Constant(0)},
		mlp(t), trainSet, nil)
	require.Len(t, seen, 6)
	for i, at := range seen {
		require.Equal(t, schedule.Progress{Epochs: 1, Step: i, Steps: 6}, at)
	}
}
