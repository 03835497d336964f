package train_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func csvLines(t *testing.T, path string) []string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(text)), "\n")[1:]
}

// The best epoch is the first with the highest score on the validation set, and its weights are those it had, as they are in
// the result, in the checkpoint and in a network they are put back in.
func TestTheBestWeightsAreKept(t *testing.T) {
	trainSet, test := generated(t, 10)
	tr, n := short(), resNet(t, 1)
	tr.Epochs, tr.EMA.Decay, tr.Validation, tr.Checkpoints = 6, 0.8, test, train.Checkpoints{Dir: t.TempDir(), Keep: 9}
	tr.LearningRate = alternating{}
	var states, averages []map[string][]float32
	tr.OnEpoch = func(e train.EpochReport) error {
		states = append(states, state(n, nil))
		other := resNet(t, 2)
		require.NoError(t, copyState(other, n, e))
		averages = append(averages, state(other, nil))
		return nil
	}
	r := fit(t, tr, n, trainSet, nil)
	require.Nil(t, r.Last, "there is no test set")
	best, bestEMA := 0, 0
	for i, e := range r.Epochs {
		require.Equal(t, float64(e.Validation.Top1), *e.Score)
		require.Equal(t, float64(e.ValidationEMA.Top1), *e.ScoreEMA)
		if *e.Score > *r.Epochs[best].Score {
			best = i
		}
		if *e.ScoreEMA > *r.Epochs[bestEMA].ScoreEMA {
			bestEMA = i
		}
	}
	require.Equal(t, []any{best, *r.Epochs[best].Score, train.OnValidation}, []any{r.Best.Epoch, r.Best.Score, r.Best.On})
	require.Equal(t, []any{bestEMA, *r.Epochs[bestEMA].ScoreEMA}, []any{r.BestEMA.Epoch, r.BestEMA.Score})
	require.NotEqual(t, 5, best, "the case is of no use otherwise")

	newest, err := checkpoint.Open(r.Checkpoint)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		best *train.Best
		want map[string][]float32
	}{"best": {r.Best, states[best]}, "best-ema": {r.BestEMA, averages[bestEMA]}} {
		opened, _, err := hybrid.Open(filepath.Join(newest.Path, name+".safetensors"))
		require.NoError(t, err)
		require.Equal(t, c.want, state(opened, nil), name)
		n.SetWeights(c.best.Weights)
		require.Equal(t, c.want, state(n, nil), name)
		confusion, err := n.Evaluate(context.Background(), test, 0)
		require.NoError(t, err)
		require.Equal(t, c.best.Score, float64(confusion.Top1()))
	}
	ranked, err := checkpoint.Store{Dir: tr.Checkpoints.Dir}.Best()
	require.NoError(t, err)
	require.Equal(t, best+1, ranked.Run.Epoch)
}

// alternating makes accuracy go up and down.
type alternating struct{}

func (alternating) At(p schedule.Progress) float64 { return []float64{0.02, 0.5}[p.Epoch%2] }

// copyState puts the average weights of a hook into another network.
func copyState(to, of *hybrid.Network, e train.EpochReport) error {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "average")
	if err := hybrid.SaveWith(path, of, e.Average, hybrid.About{}); err != nil {
		return err
	}
	opened, _, err := hybrid.Open(path)
	*to = *opened
	return err
}

// Score sees the validation set alone where there is one. Without, it says what it saw.
func TestWhatScoreSees(t *testing.T) {
	trainSet, test := generated(t, 5)
	run := func(change func(*train.Trainer)) *train.Result {
		tr := short()
		tr.Epochs, tr.EMA.Decay = 3, 0.5
		change(&tr)
		return fit(t, tr, mlp(t), trainSet, test)
	}
	r := run(func(*train.Trainer) {})
	require.Nil(t, r.Best, "nothing is chosen on the test set unless it is asked for")
	require.Nil(t, r.Epochs[0].Score)

	calls := 0
	r = run(func(tr *train.Trainer) {
		tr.Validation = test
		tr.Score = func(e train.EpochReport) float64 {
			require.Nil(t, e.Test)
			require.Nil(t, e.EMA)
			require.Nil(t, e.ValidationEMA)
			calls++
			return float64(e.Validation.Balanced + e.Validation.MacroF1)
		}
	})
	require.Equal(t, 6, calls)
	require.Equal(t, train.OnValidation, r.BestEMA.On)
	require.NotNil(t, r.Epochs[0].Test, "it is reported")
	require.Equal(t, *r.Epochs[r.Best.Epoch].Score, r.Best.Score)

	r = run(func(tr *train.Trainer) {
		tr.Score = func(e train.EpochReport) float64 { return float64(e.Test.Top1) - float64(e.Epoch) }
	})
	require.Equal(t, []any{train.OnTest, 0, train.OnTest, 0}, []any{r.Best.On, r.Best.Epoch, r.BestEMA.On, r.BestEMA.Epoch})

	tr := short()
	tr.Epochs, tr.EvalEvery, tr.EMA.Decay = 5, 2, 0.5
	tr.Score = func(e train.EpochReport) float64 { return -e.Total }
	r = fit(t, tr, mlp(t), trainSet, nil)
	require.Equal(t, train.OnTraining, r.Best.On)
	require.Nil(t, r.BestEMA, "it has no loss of its own")
	require.Nil(t, r.Epochs[2].Score, "epochs that are not due")
	require.NotNil(t, r.Epochs[4].Score)

	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		tr.Score = func(train.EpochReport) float64 { return bad }
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
		require.ErrorContains(t, err, "after epoch 1: Trainer.Score is ")
	}
}

// A run without a better score ends well, says so, is saved, and does not go on when it is resumed.
func TestPatience(t *testing.T) {
	trainSet, test := generated(t, 5)
	run := func(every int, scores ...float64) (train.Trainer, *train.Result) {
		tr := short()
		tr.Epochs, tr.Patience, tr.EvalEvery = len(scores), 2, every
		tr.Checkpoints = train.Checkpoints{Dir: t.TempDir(), EveryEpochs: 9, Resume: true}
		tr.Score = func(e train.EpochReport) float64 { return scores[e.Epoch] }
		return tr, fit(t, tr, mlp(t), trainSet, nil)
	}
	tr, r := run(1, 1, 3, 3, 2, 9, 9)
	require.Len(t, r.Epochs, 4)
	require.Equal(t, 1, r.Best.Epoch)
	require.Equal(t, "no better score in the 2 epochs after epoch 1 (Trainer.Patience)", r.Stopped)
	require.Equal(t, r.Stopped, r.Epochs[3].Stopped)
	require.Equal(t, "e4 s0", listed(t, tr.Checkpoints.Dir))
	tr.OnStep = func(train.StepReport) error { t.Fatal("a step"); return nil }
	again := fit(t, tr, mlp(t), trainSet, nil)
	require.Equal(t, resultText(t, r), resultText(t, again))
	require.NotNil(t, again.Best.Weights)

	_, r = run(1, 1, 2, 3, 3, 4, 4)
	require.Empty(t, r.Stopped)
	require.Len(t, r.Epochs, 6)
	_, r = run(3, 9, 9, 1, 9, 9, 1, 9, 9)
	require.Len(t, r.Epochs, 6, "only epochs that are evaluated end a run")

	// The average weights, too, may be what is waited for.
	tr = short()
	tr.Epochs, tr.Patience, tr.EMA.Decay, tr.Validation = 9, 1, 0.5, test
	i := 0
	tr.Score = func(train.EpochReport) float64 { i++; return []float64{5, 0, 0, 1, 0, 2, 0, 2, 0, 9}[i-1] }
	r = fit(t, tr, mlp(t), trainSet, nil)
	require.Len(t, r.Epochs, 4)
	require.Equal(t, []int{0, 2}, []int{r.Best.Epoch, r.BestEMA.Epoch})

	tr = short()
	tr.Patience = 3
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, test)
	require.ErrorContains(t, err, "Trainer.Patience 3 needs something to look at: set Validation")
	tr.Patience = -1
	_, err = tr.Fit(context.Background(), mlp(t), trainSet, test)
	require.ErrorContains(t, err, "Trainer.Patience -1 must not be negative")
}
