package posthoc_test

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

func TestKNNAgainstSorting(t *testing.T) {
	train, test := clouds(1, 4, 1, 30, 9, 2), clouds(2, 4, 1, 5, 5, 5)
	counts := []float64{30, 9, 2}
	rapid.Check(t, func(t *rapid.T) {
		k := posthoc.KNN{K: rapid.IntRange(1, 60).Draw(t, "k"), Temperature: rapid.Float64Range(0.01, 2).Draw(t, "temperature"),
			Balanced: rapid.Bool().Draw(t, "balanced")}
		got, err := k.Scores(train, test.Features)
		require.NoError(t, err)
		for i := range test.Labels {
			order, cosine := make([]int, len(train.Labels)), make([]float64, len(train.Labels))
			for j := range order {
				order[j], cosine[j] = j, dot(unit(row(test.Features, i)), unit(row(train.Features, j)))
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cosine[b], cosine[a]) })
			want := make([]float64, 3)
			for _, j := range order[:min(k.K, len(order))] {
				want[train.Labels[j]] += math.Exp((cosine[j] - cosine[order[0]]) / k.Temperature)
			}
			for c := range want {
				if k.Balanced {
					want[c] /= counts[c]
				}
				require.InDelta(t, want[c], float64(got.Data()[i*3+c]), 1e-3)
			}
		}
	})
}

func TestKNNTiesAndZeros(t *testing.T) {
	train := posthoc.Set{Features: matrix(4, 1, 1, 2, 3, -1), Labels: []int{2, 1, 0, 0}, Classes: 4}
	got, err := posthoc.KNN{K: 2, Temperature: 1}.Scores(train, matrix(2, 1, 5, 0))
	require.NoError(t, err)
	// The first three are one direction: rows 0 and 1 come first. A zero has the cosine 0 with all.
	require.Equal(t, []float32{0, 1, 1, 0, 0, 1, 1, 0}, got.Data())
	got, err = posthoc.KNN{Temperature: 1e-4}.Scores(train, matrix(1, 1, 5))
	require.NoError(t, err)
	require.Equal(t, []float32{1, 1, 1, 0}, got.Data(), "a small temperature does not overflow")
	got, err = posthoc.KNN{Temperature: 1e-4, Balanced: true}.Scores(train, matrix(1, 1, 5))
	require.NoError(t, err)
	require.Equal(t, []float32{0.5, 1, 1, 0}, got.Data(), "class 0 has two images, class 3 none")
	for s, want := range map[posthoc.KNN]posthoc.KNN{{}: {K: 200, Temperature: 0.07}, {K: 9}: {K: 200, Temperature: 0.07}} {
		many := clouds(1, 3, 1, 150, 100)
		got, err := s.Scores(many, matrix(1, 3, 1, 2, 3))
		require.NoError(t, err)
		other, err := want.Scores(many, matrix(1, 3, 1, 2, 3))
		require.NoError(t, err)
		require.Equal(t, s.K == 0, slices.Equal(other.Data(), got.Data()), "200 neighbors and 0.07, unless told otherwise")
	}
	got, err = posthoc.KNN{}.Scores(train, matrix(0, 1))
	require.NoError(t, err)
	require.Zero(t, got.Len())
}

func TestKNNInChunks(t *testing.T) {
	// So many training rows that queries are done four at a time.
	const n = 1 << 20
	train := posthoc.Set{Features: tensor.New(n, 2), Labels: make([]int, n), Classes: 2}
	for i := range n {
		train.Features.Data()[2*i] = 1
	}
	train.Features.Data()[2*n-1], train.Labels[n-1] = 1, 1 // the one that points elsewhere
	got, err := posthoc.KNN{K: 1}.Scores(train, matrix(5, 2, 1, 0, 1, 1, 1, 0, 1, -0.5, 0, 1))
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0, 0, 1, 1, 0, 1, 0, 0, 1}, got.Data())
}

func TestKNNErrors(t *testing.T) {
	s := posthoc.Set{Features: matrix(1, 1, 1), Labels: []int{0}, Classes: 1}
	_, err := posthoc.KNN{K: -1}.Scores(s, s.Features)
	require.EqualError(t, err, "posthoc: KNN.K is -1: it must be at least 1, or 0 for 200")
	_, err = posthoc.KNN{Temperature: -1}.Scores(s, s.Features)
	require.EqualError(t, err, "posthoc: KNN.Temperature is -1: it must be positive and finite, or 0 for 0.07")
	_, err = posthoc.KNN{Temperature: math.Inf(1)}.Scores(s, s.Features)
	require.EqualError(t, err, "posthoc: KNN.Temperature is +Inf: it must be positive and finite, or 0 for 0.07")
	_, err = posthoc.KNN{}.Scores(s, matrix(1, 1, nan))
	require.EqualError(t, err, "posthoc: features of row 0 have the value NaN at position 0: they must be finite")
}

// Counted a part at a time, predictions are those of all scores at once.
func TestKNNEvaluates(t *testing.T) {
	train, test := clouds(1, 4, 1, 30, 9, 2), clouds(2, 4, 1, 15, 15, 10)
	for _, k := range []posthoc.KNN{{K: 3}, {K: 20, Balanced: true}} {
		scores, err := k.Scores(train, test.Features)
		require.NoError(t, err)
		want, err := posthoc.Judge(scores, test.Labels)
		require.NoError(t, err)
		got, err := k.Evaluate(t.Context(), train, test)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Greater(t, float64(got.Top1()), 0.5)
	}
	many := posthoc.Set{Features: train.Features, Labels: train.Labels, Classes: 1 << 20} // 16 rows at a time
	asked := posthoc.Set{Features: test.Features, Labels: test.Labels, Classes: 1 << 20}
	if !testing.Short() {
		want, err := posthoc.KNN{K: 3}.Evaluate(t.Context(), train, test)
		require.NoError(t, err)
		got, err := posthoc.KNN{K: 3}.Evaluate(t.Context(), many, asked)
		require.NoError(t, err)
		require.Equal(t, want.Top1(), got.Top1())
	}
	_, err := posthoc.KNN{}.Evaluate(t.Context(), many, test)
	require.ErrorContains(t, err, "3 classes")
	_, err = posthoc.KNN{}.Evaluate(t.Context(), train, posthoc.Set{Features: test.Features, Labels: test.Labels[1:], Classes: 3})
	require.ErrorContains(t, err, "39 labels for 40 rows")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = posthoc.KNN{}.Evaluate(ctx, train, test)
	require.ErrorIs(t, err, context.Canceled)
}
