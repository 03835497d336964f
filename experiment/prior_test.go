package experiment

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/hybrid"
)

// Every figure under a prior is that of probabilities p_c·to_c/from_c, computed here once more.
func TestEvaluateUnderAPrior(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, tiny(), "ce", dir)
	do(t, r)
	net, about, err := hybrid.Open(dir)
	require.NoError(t, err)
	probs, err := (&hybrid.Evaluator{}).Probabilities(t.Context(), net, r.Test)
	require.NoError(t, err)
	plain, err := Evaluate(t.Context(), net, about, r.Test, nil)
	require.NoError(t, err)
	require.Nil(t, plain.Prior)

	total := 0.0
	for _, n := range about.Counts {
		total += float64(n)
	}
	// figures under a target, in float64
	want := func(target []float64) (right []int, nll float64) {
		right = make([]int, 10)
		for i := range r.Test.Len() {
			q, sum := make([]float64, 10), 0.0
			for c := range q {
				q[c] = float64(probs.Data()[10*i+c]) * target[c] / (float64(about.Counts[c]) / total)
				sum += q[c]
			}
			y := r.Test.Label(i)
			if slices.Index(q, slices.Max(q)) == y {
				right[y]++
			}
			nll -= math.Log(max(q[y]/sum, math.SmallestNonzeroFloat32)) / float64(r.Test.Len())
		}
		return right, nll
	}
	uniform := slices.Repeat([]float64{0.1}, 10)
	steep := []float64{0, 0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2}
	for _, target := range [][]float64{uniform, steep} {
		e, err := EvaluateWith(t.Context(), net, about, r.Test, EvaluateSettings{Prior: &PriorSettings{Target: target}})
		require.NoError(t, err)
		right, nll := want(target)
		all, under := 0, 0.0
		for c, n := range right {
			all += n
			under += target[c] * float64(n) / 50
			require.Equal(t, float64(n)/50, float64(e.Classes[c].Accuracy))
		}
		require.InDelta(t, float64(all)/500, float64(e.Top1), 1e-9)
		require.InDelta(t, under, float64(e.Prior.Top1Under), 1e-9)
		require.InDelta(t, nll, e.NLL, 1e-4)
		require.InDeltaSlice(t, target, e.Prior.Target, 1e-12)
		require.Equal(t, plain.Top1, e.Prior.Without.Top1)
		require.Equal(t, plain.ECE, e.Prior.Without.ECE)
		require.InDelta(t, plain.NLL, e.Prior.Without.NLL, 1e-12)
		require.False(t, e.Prior.Estimated)
		require.Contains(t, e.Prior.ModelIs, "training images")
	}
	// The model's own prior changes nothing.
	e, err := EvaluateWith(t.Context(), net, about, r.Test, EvaluateSettings{Prior: &PriorSettings{Target: TrainingPrior(about)}})
	require.NoError(t, err)
	require.Equal(t, plain.Top1, e.Top1)
	require.InDelta(t, plain.NLL, e.NLL, 1e-5)

	e, err = EvaluateWith(t.Context(), net, about, r.Test, EvaluateSettings{Prior: &PriorSettings{}})
	require.NoError(t, err)
	require.True(t, e.Prior.Estimated)
	require.Positive(t, e.Prior.Rounds)
	sum := 0.0
	for _, p := range e.Prior.Target {
		sum += p
	}
	require.InDelta(t, 1, sum, 1e-9)
	right, nll := want(e.Prior.Target)
	all := 0
	for _, n := range right {
		all += n
	}
	require.InDelta(t, float64(all)/500, float64(e.Top1), 0.005, "up to ties by rounding")
	require.InDelta(t, nll, e.NLL, 1e-3)

	for _, c := range []struct {
		s    PriorSettings
		want string
	}{
		{PriorSettings{Target: []float64{1, 2}}, "2 classes"},
		{PriorSettings{Target: make([]float64, 10)}, "no weight"},
		{PriorSettings{Target: uniform, Model: steep}, "class 0"},
	} {
		_, err = EvaluateWith(t.Context(), net, about, r.Test, EvaluateSettings{Prior: &c.s})
		require.ErrorContains(t, err, c.want)
	}
}

func TestOwnPrior(t *testing.T) {
	about := hybrid.About{Method: "ce", Counts: []int{30, 10}}
	p, _, err := OwnPrior(about, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{30, 10}, p)
	about.Method = "hybrid-sc"
	p, why, err := OwnPrior(about, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 1}, p)
	require.Contains(t, why, "hybrid-sc")
	about.Method = "sam"
	p, _, err = OwnPrior(about, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{30, 10}, p)
	for _, name := range []string{"", "remix", "ride"} {
		about.Method = name
		_, _, err = OwnPrior(about, 2)
		require.ErrorContains(t, err, "prior")
	}
	_, _, err = OwnPrior(hybrid.About{Method: "ce"}, 2)
	require.ErrorContains(t, err, "ce")
	require.Equal(t, []float64{0.75, 0.25}, shares([]float64{3e300, 1e300}))
}
