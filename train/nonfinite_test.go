package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// spoilt is cross-entropy, times infinity in the batches of an epoch that are listed, counted from 0.
type spoilt struct {
	loss.CrossEntropy
	batches []int
	seen    *int
}

func (s spoilt) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	y, stats := s.CrossEntropy.Forward(in)
	if !in.Logits.Tape().Mode().Train {
		return y, stats
	}
	for _, b := range s.batches {
		if *s.seen == b {
			y = autograd.Scale(y, math.Inf(1))
		}
	}
	*s.seen++
	return y, stats
}

func spoil(tr *train.Trainer, batches ...int) {
	tr.Streams[0].Terms[0].Loss = &spoilt{batches: batches, seen: new(int)}
}

func TestStepsThatAreNotFiniteAreSkippedAndCounted(t *testing.T) {
	trainSet, test := generated(t, 10) // 10 batches an epoch
	for _, accumulate := range []int{1, 2} {
		n, tr := resNet(t, 1), short()
		tr.Epochs, tr.Accumulate, tr.SkipNonFinite, tr.LearningRate = 2, accumulate, 3, schedule.Constant(0.01)
		spoil(&tr, 0, 5, 19)
		var warnings []train.Warning
		tr.OnWarning = func(w train.Warning) error { warnings = append(warnings, w); return nil }
		kept, steps := state(n, nil), 0
		tr.OnStep = func(s train.StepReport) error {
			kept = state(n, nil)
			require.False(t, math.IsNaN(s.Total) || math.IsInf(s.Total, 0))
			steps++
			return nil
		}
		r := fit(t, tr, n, trainSet, test)
		require.Equal(t, kept, state(n, nil), "the last step changed nothing")
		require.Equal(t, []int{2, 1}, []int{r.Epochs[0].NonFinite, r.Epochs[1].NonFinite})
		all := 10 / accumulate
		require.Equal(t, []int{all - 2, all - 1}, []int{r.Epochs[0].Steps, r.Epochs[1].Steps})
		require.Equal(t, 2*all-3, steps)
		require.Equal(t, 4*accumulate*steps, r.Images)
		require.False(t, math.IsNaN(r.Epochs[1].Total))
		require.Len(t, warnings, 3)
		require.Equal(t, train.SkippedStep, warnings[2].Kind)
		require.Equal(t, schedule.Progress{Epoch: 1, Epochs: 2, Step: all - 1, Steps: all}, warnings[2].At)
		var bad *train.NonFiniteError
		require.ErrorAs(t, warnings[2].Err, &bad)
		require.Equal(t, all-1, bad.Step)
		require.Contains(t, warnings[1].String(), "left out, 2 in this run so far: loss +Inf, first bad parameter backbone.conv1.weight: ")
	}
}

func TestOneStepTooManyEndsTheRun(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.SkipNonFinite = 2
	spoil(&tr, 1, 3, 8)
	r, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, 8, bad.Step)
	require.Equal(t, 6, r.Epochs[0].Steps)
	require.Equal(t, 2, r.Epochs[0].NonFinite)
}

// An epoch of nothing but skipped steps is an epoch all the same.
func TestAnEpochWithoutASingleStep(t *testing.T) {
	trainSet, test := generated(t, 1) // one batch
	tr := short()
	tr.SkipNonFinite, tr.Epochs = 1, 2
	spoil(&tr, 0)
	epochs := 0
	tr.OnEpoch = func(e train.EpochReport) error { epochs += 1 - e.Steps + e.NonFinite; return nil }
	r := fit(t, tr, mlp(t), trainSet, test)
	require.Len(t, r.Epochs, 2)
	require.Equal(t, 0, r.Epochs[0].Steps)
	require.NotNil(t, r.Epochs[0].Test)
	require.Equal(t, 2, epochs)
}

// Weights that are not finite make every later step so: skipping would go on to the end.
func TestLostWeightsAreNotSkippedOver(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.SkipNonFinite, tr.LearningRate = 1000, schedule.Constant(1e39)
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, 1, bad.Step)
}
