package posthoc_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

func TestChooseTakesTheFirstOfTheBest(t *testing.T) {
	accuracies := map[float64]*tensor.Tensor{
		1: matrix(3, 2, 1, 0, 1, 0, 1, 0), // class 0 right, class 1 wrong
		2: matrix(3, 2, 1, 0, 0, 1, 0, 1), // half of class 0, class 1 right: 75 balanced
		3: matrix(3, 2, 0, 1, 1, 0, 0, 1), // likewise
	}
	best, trials, err := posthoc.Choose([]float64{1, 3, 2}, []int{0, 0, 1}, func(v float64) (*tensor.Tensor, error) {
		return accuracies[v], nil
	})
	require.NoError(t, err)
	require.Equal(t, 3.0, best)
	require.Equal(t, []posthoc.Trial{{1, 0.5}, {3, 0.75}, {2, 0.75}}, trials)
	best, _, err = posthoc.Choose([]float64{7}, []int{0}, func(float64) (*tensor.Tensor, error) { return matrix(1, 2, 0, 1), nil })
	require.NoError(t, err)
	require.Equal(t, 7.0, best, "the only one, though it gets nothing right")
}

func TestChooseAdjustment(t *testing.T) {
	// Class 1 is one training image in ten: only a tau of about 1 gets both rows right.
	x := matrix(2, 2, 2.5, 0, 2, 0)
	best, trials, err := posthoc.ChooseAdjustment(x, []int{0, 1}, []int{90, 10}, nil)
	require.NoError(t, err)
	require.Len(t, trials, 21)
	for i, trial := range trials {
		require.Equal(t, float64(i)/10, trial.Value)
	}
	require.InDelta(t, 1, best, 1e-9) // 2 < tau·log 9 < 2.5 for tau 1 and 1.1
	require.Equal(t, metrics.Rate(0.5), trials[0].Accuracy)
	require.Equal(t, metrics.Rate(1), trials[10].Accuracy)
}

func TestChooseTau(t *testing.T) {
	// The long row of class 0 wins even where class 1's direction fits, until it is shortened.
	head := linear(2, 2, []float32{10, 0, 0, 1}, nil)
	held := posthoc.Set{Features: matrix(2, 2, 1, 0.5, 0.5, 1), Labels: []int{0, 1}, Classes: 2}
	best, trials, err := posthoc.ChooseTau(head, held, []float64{0, 0.5, 1})
	require.NoError(t, err)
	require.Equal(t, 1.0, best)
	require.Equal(t, []posthoc.Trial{{0, 0.5}, {0.5, 0.5}, {1, 1}}, trials)
}

func TestChooseK(t *testing.T) {
	train, held := clouds(1, 3, 0.6, 200, 20, 6), clouds(2, 3, 0.6, 30, 30, 30)
	best, trials, err := posthoc.ChooseK(posthoc.KNN{Temperature: 10}, train, held, nil)
	require.NoError(t, err)
	for i, k := range []float64{1, 5, 10, 20, 50, 100, 200} {
		require.Equal(t, k, trials[i].Value)
	}
	require.Len(t, trials, 7)
	require.Less(t, best, 50.0, "so many neighbours are mostly of the frequent class: %v", trials)
	require.Greater(t, float64(trials[0].Accuracy), float64(trials[6].Accuracy))
	for _, bad := range []float64{1.5, 0, -1, 1e9 + 1, math.Inf(1), math.NaN()} {
		best, trials, err := posthoc.ChooseK(posthoc.KNN{}, train, held, []float64{bad})
		require.EqualError(t, err, fmt.Sprintf("posthoc: candidate %g: posthoc: a number of neighbours must be a whole number of at least 1", bad))
		require.Zero(t, best)
		require.Nil(t, trials)
	}
	best, _, err = posthoc.ChooseK(posthoc.KNN{}, train, held, []float64{1e9})
	require.NoError(t, err)
	require.Equal(t, 1e9, best, "all there are")
}

func TestChooseErrors(t *testing.T) {
	one := func(float64) (*tensor.Tensor, error) { return matrix(1, 1, 1), nil }
	for _, c := range []struct {
		candidates []float64
		labels     []int
		scores     func(float64) (*tensor.Tensor, error)
		want       string
	}{
		{nil, []int{0}, one, "posthoc: no candidates to choose from"},
		{[]float64{1}, nil, one, "posthoc: no held-out images to choose by: hold some back from training (dataset.Holdout)"},
		{[]float64{2}, []int{0}, nil, "posthoc: the function that gives a candidate's scores is nil"},
		{[]float64{2}, []int{0}, func(float64) (*tensor.Tensor, error) { return nil, errors.New("no") }, "posthoc: candidate 2: no"},
		{[]float64{2}, []int{0, 0}, one, "posthoc: candidate 2: posthoc: 2 labels for 1 rows: give one for each"},
	} {
		best, trials, err := posthoc.Choose(c.candidates, c.labels, c.scores)
		require.EqualError(t, err, c.want)
		require.Zero(t, best)
		require.Nil(t, trials)
	}
}
