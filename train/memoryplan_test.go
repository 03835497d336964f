package train_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A plan, made of small batches, foretells the memory of a run: that of its objects, after garbage is collected.
func TestThePlanIsWhatTrainingTakes(t *testing.T) {
	if underRace() {
		t.Skip("pools do not keep their memory under the race detector")
	}
	trainSet, _ := generated(t, 64)
	live := func() int64 {
		runtime.GC()
		runtime.GC() // the second empties sync.Pool
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for name, tr := range map[string]train.Trainer{
		"SC":               {Streams: hybrid.SC(0.1), Batch: 256},
		"PSC in chunks":    {Streams: hybrid.PSC(0.5), Batch: 256, Chunk: 64},
		"CE, recomputed":   {Streams: hybrid.CE(), Batch: 256, Recompute: true},
		"Adam and average": {Streams: hybrid.CE(), Batch: 192, Optimizer: optim.Adam{}, EMA: train.EMA{Decay: 0.9}},
	} {
		b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 14, Width: 16})
		require.NoError(t, err)
		n := newNetwork(t, b)
		tr.Epochs, tr.LearningRate = 2, schedule.Constant(0.01)
		plan, err := tr.PlanMemory(t.Context(), n, trainSet, nil)
		require.NoError(t, err)
		before, most := live(), int64(0)
		tr.OnStep = func(train.StepReport) error {
			most = max(most, live()-before)
			return nil
		}
		fit(t, tr, n, trainSet, nil)
		t.Logf("%s: planned %d, took %d", name, plan.Peak(), most)
		require.InEpsilon(t, most, plan.Peak()-plan.Kernels, 0.1, name)
	}
}

func TestPlanningChangesNothing(t *testing.T) {
	trainSet, test := generated(t, 12)
	for name, streams := range methods {
		run := func(plan bool) map[string][]float32 {
			n, s := resNet(t, 1), streams()
			tr := train.Trainer{Streams: s, Epochs: 1, Batch: 12, LearningRate: schedule.Constant(0.05), EMA: train.EMA{Decay: 0.9}}
			if plan {
				before := state(n, nil)
				_, err := tr.PlanMemory(t.Context(), n, trainSet, test)
				require.NoError(t, err)
				require.Equal(t, before, state(n, nil))
				for _, e := range nn.Params(n) {
					require.Nil(t, e.Param.Grad, e.Path)
				}
			}
			fit(t, tr, n, trainSet, nil)
			return state(n, s)
		}
		require.Equal(t, run(false), run(true), name)
	}
}

func TestAPlanThatDoesNotFitNamesTheBatch(t *testing.T) {
	trainSet, test := generated(t, 40)
	n, tr := resNet(t, 1), train.Trainer{Streams: hybrid.SC(0.1), Batch: 128}
	plan, err := tr.PlanMemory(t.Context(), n, trainSet, test)
	require.NoError(t, err)
	require.Equal(t, 128, plan.Batch)
	require.Positive(t, plan.Evaluation)
	few, err := dataset.Subset(test, []int{0, 1})
	require.NoError(t, err)
	small, err := tr.PlanMemory(t.Context(), n, trainSet, few)
	require.NoError(t, err)
	require.Less(t, small.Evaluation, plan.Evaluation, "no batch of evaluation is larger than the set")
	one, err := dataset.Subset(test, []int{0})
	require.NoError(t, err)
	least, err := tr.PlanMemory(t.Context(), n, trainSet, one)
	require.NoError(t, err)
	require.Positive(t, least.Evaluation)
	require.Less(t, least.Evaluation, small.Evaluation)
	require.Contains(t, plan.String(), "for batch 128")
	require.NoError(t, plan.Check(0), "a few megabytes")
	require.NoError(t, plan.Check(1<<40))
	err = plan.Check(1 << 20)
	require.ErrorContains(t, err, "batch 128 takes about")
	require.ErrorContains(t, err, "not even a batch of 1 would fit")
	now := before(t, plan)
	err = plan.Check(now + plan.Peak()/2)
	require.ErrorContains(t, err, "a batch of ")
	require.False(t, strings.Contains(err.Error(), "not even"), err)

	_, err = train.Trainer{Streams: hybrid.CE(), Batch: -1}.PlanMemory(context.Background(), n, trainSet, nil)
	require.ErrorContains(t, err, "Trainer.Batch -1")
}

func TestAPlanCountsTheWeightsOfAClimb(t *testing.T) {
	trainSet, _ := generated(t, 20)
	n := resNet(t, 1)
	gradients := func(rho float64) int64 {
		tr := short()
		tr.Streams[0].Terms[0].Rho = rho
		plan, err := tr.PlanMemory(t.Context(), n, trainSet, nil)
		require.NoError(t, err)
		return plan.Gradients
	}
	require.Equal(t, 3*gradients(0), gradients(0.1), "it keeps values and gradients until it is back")
}

// A rank holds its part of a batch, the largest of them where they differ.
func TestAPlanIsThatOfARank(t *testing.T) {
	trainSet, _ := generated(t, 12)
	for batch, part := range map[int]int{12: 4, 13: 5, 15: 5} {
		n, tr := resNet(t, 1), train.Trainer{Streams: hybrid.CE(), Batch: part}
		want, err := tr.PlanMemory(t.Context(), n, trainSet, nil)
		require.NoError(t, err)
		var got train.MemoryPlan
		require.NoError(t, distributed.Run(3, func(c distributed.Communicator) (err error) {
			if c.Rank() == 0 { // which asks no other
				tr.Batch, tr.Ranks = batch, c
				got, err = tr.PlanMemory(t.Context(), n, trainSet, nil)
			}
			return err
		}))
		want.Kernels = got.Kernels // memory of the process, which is there once
		require.Equal(t, want, got)
	}
}

// before is a limit that the program reaches already, found by asking.
func before(t *testing.T, p train.MemoryPlan) int64 {
	low, high := int64(0), int64(1)<<40
	for high-low > 1<<16 {
		if middle := (low + high) / 2; p.Check(middle) == nil {
			high = middle
		} else {
			low = middle
		}
	}
	return high - p.Peak()
}
