package nearest_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/internal/nearest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func random(rows, dim int) *tensor.Tensor {
	x, rng := tensor.New(rows, dim), rand.New(rand.NewPCG(3, uint64(rows)))
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	return x
}

// What is found is what sorting all cosines finds, with and without the row itself.
func TestOfAgainstSorting(t *testing.T) {
	known := nearest.Unit(random(700, 9))
	for _, others := range []bool{false, true} {
		queries := nearest.Unit(random(30, 9))
		if others {
			queries = known
		}
		for _, k := range []int{1, 5, 699, 1000} {
			all, err := nearest.Of(context.Background(), queries, known, k, others)
			require.NoError(t, err)
			for i := 0; i < len(all); i += 29 {
				want := make([]float64, 0, 700)
				for j := range 700 {
					if c := dot(queries, i, known, j); !others || i != j {
						want = append(want, c)
					}
				}
				slices.SortFunc(want, func(a, b float64) int { return cmp.Compare(b, a) })
				require.Len(t, all[i], min(k, len(want)))
				for m, n := range all[i] {
					require.False(t, others && n.Row == i)
					require.InDelta(t, want[m], float64(n.Cosine), 1e-5)
					require.InDelta(t, dot(queries, i, known, n.Row), float64(n.Cosine), 1e-5)
				}
			}
		}
	}
}

func dot(a *tensor.Tensor, i int, b *tensor.Tensor, j int) (sum float64) {
	for d := range a.Dim(1) {
		sum += float64(a.Data()[i*a.Dim(1)+d]) * float64(b.Data()[j*b.Dim(1)+d])
	}
	return sum
}

func TestLargest(t *testing.T) {
	room := func(k int) []nearest.Row { return make([]nearest.Row, 0, k) }
	cosines := []float32{1, 5, 5, 5, 2}
	require.Equal(t, []nearest.Row{{1, 5}, {2, 5}}, nearest.Largest(room(2), cosines, -1))
	require.Equal(t, []nearest.Row{{2, 5}, {3, 5}, {4, 2}}, nearest.Largest(room(3), cosines, 1))
	require.Empty(t, nearest.Largest(room(0), cosines, -1))
	require.Equal(t, []nearest.Row{{0, 1}}, nearest.Largest(room(2), []float32{1, 9}, 1))
}

func TestUnit(t *testing.T) {
	x, err := tensor.FromSlice([]float32{3, 4, 0, 0, 1e-30, 0}, 3, 2)
	require.NoError(t, err)
	require.Equal(t, []float32{0.6, 0.8, 0, 0, 1, 0}, nearest.Unit(x).Data())
	require.Equal(t, float32(3), x.Data()[0], "a copy")
}

// Queries of more cosines than are held at once, rows from their own on, and an end in between.
func TestCosinesInChunks(t *testing.T) {
	x := nearest.Unit(random(3000, 2)) // 1,398 queries at a time
	seen := 0
	require.NoError(t, nearest.Cosines(context.Background(), x, x, func(row int) int { return row }, func(row, from int, cosines []float32) {
		require.Len(t, cosines, 3000-from)
		if row%500 == 0 {
			require.InDelta(t, 1, float64(cosines[row-from]), 1e-6)
			require.InDelta(t, dot(x, row, x, 2999), float64(cosines[2999-from]), 1e-5)
			seen++
		}
	}))
	require.Equal(t, 6, seen)
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	rows := 0
	err := nearest.Cosines(ctx, x, x, func(int) int { return 0 }, func(int, int, []float32) { rows++; cancel(why) })
	require.ErrorIs(t, err, why)
	require.Less(t, rows, 3000)
	_, err = nearest.Of(ctx, x, x, 1, true)
	require.ErrorIs(t, err, context.Canceled)
}

// Rows of nothing have cosines too: 0.
func TestCosinesOfEmptyRows(t *testing.T) {
	got, err := nearest.Of(t.Context(), tensor.New(2, 0), tensor.New(3, 0), 2, false)
	require.NoError(t, err)
	require.Equal(t, [][]nearest.Row{{{Row: 0}, {Row: 1}}, {{Row: 0}, {Row: 1}}}, got)
}
