package train_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// The average of every tensor, running statistics included, is that of the weights after each step by hand, in float64.
func TestTheMovingAverageByHand(t *testing.T) {
	trainSet, test := generated(t, 10)
	for _, ema := range []train.EMA{{Decay: 0.8}, {Decay: 0.8, Warmup: true}, {Decay: 0.3, Warmup: true}} {
		n := resNet(t, 1)
		want := map[string][]float64{}
		for path, values := range state(n, nil) {
			for _, v := range values {
				want[path] = append(want[path], float64(v))
			}
		}
		tr, step := short(), 0.0
		tr.EMA, tr.EvalEvery = ema, 1
		tr.OnStep = func(train.StepReport) error {
			step++
			d := ema.Decay
			if ema.Warmup {
				d = min(d, (1+step)/(10+step))
			}
			for path, values := range state(n, nil) {
				for i, v := range values {
					want[path][i] = d*want[path][i] + (1-d)*float64(v)
				}
			}
			return nil
		}
		r := fit(t, tr, n, trainSet, test)
		require.Equal(t, 10.0, step)
		for _, e := range nn.Entries(n) {
			got := r.EMA.Of(e.Tensor())
			require.NotNil(t, got, e.Path)
			for i, v := range got.Data() {
				require.InDelta(t, want[e.Path][i], v, 1e-5, e.Path)
			}
			require.Equal(t, e.Path == "projection.0.weight" || e.Path == "projection.0.bias" || e.Path == "projection.2.weight" || e.Path == "projection.2.bias",
				equal(got.Data(), e.Tensor().Data()), "%s: only what is not trained is its own average", e.Path)
		}
	}
}

func equal(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Training does not know of the average.
func TestTheMovingAverageChangesNoWeights(t *testing.T) {
	trainSet, test := generated(t, 10)
	var ends []map[string][]float32
	for _, decay := range []float64{0, 0.9} {
		tr, n := short(), resNet(t, 1)
		tr.EMA.Decay = decay
		r := fit(t, tr, n, trainSet, test)
		ends = append(ends, state(n, nil))
		require.Equal(t, decay > 0, r.EMA != nil)
		require.Equal(t, decay > 0, r.LastEMA != nil)
		require.Equal(t, r.LastEMA, r.Epochs[0].EMA)
		require.NotNil(t, r.Last)
	}
	require.Equal(t, ends[0], ends[1])
}

// The average is evaluated as what it is in a file and in a predictor.
func TestTheMovingAverageIsEvaluatedSavedAndFrozen(t *testing.T) {
	trainSet, test := generated(t, 10)
	tr, n := short(), resNet(t, 1)
	tr.Epochs, tr.EMA.Decay, tr.Checkpoints.Dir = 4, 0.9, t.TempDir()
	r := fit(t, tr, n, trainSet, test)
	require.NotEqual(t, r.Last, r.LastEMA)

	fromFile := resNet(t, 9)
	_, err := safetensors.Load(filepath.Join(r.Checkpoint, "ema.safetensors"), fromFile)
	require.NoError(t, err)
	confusion, err := fromFile.Evaluate(context.Background(), test, 0)
	require.NoError(t, err)
	require.Equal(t, r.LastEMA.Top1, confusion.Top1())

	frozen, err := n.FreezeWith(r.EMA)
	require.NoError(t, err)
	plain, err := n.Freeze()
	require.NoError(t, err)
	again, err := fromFile.Freeze()
	require.NoError(t, err)
	img := image(t, test, 3)
	for i, v := range r.EMA.Of(nn.Params(n)[0].Param.Value).Data() {
		nn.Params(n)[0].Param.Value.Data()[i] = -v // a predictor is a copy
	}
	predict := func(p *hybrid.Predictor) hybrid.Prediction {
		all, err := p.Predict(img)
		require.NoError(t, err)
		return all[0]
	}
	require.Equal(t, predict(again), predict(frozen))
	require.NotEqual(t, predict(plain), predict(frozen))

	path := filepath.Join(t.TempDir(), "average")
	_, about, err := hybrid.Open(r.Checkpoint)
	require.NoError(t, err)
	require.NoError(t, hybrid.SaveWith(path, n, r.EMA, about))
	saved, err := os.ReadFile(path)
	require.NoError(t, err)
	want, err := os.ReadFile(filepath.Join(r.Checkpoint, "ema.safetensors"))
	require.NoError(t, err)
	require.Equal(t, want, saved)
}
