package metrics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

func TestAlignmentByHand(t *testing.T) {
	got, err := metrics.Alignment([]float32{1, 0, 0, 1}, []float32{1, 0, 0, -1}, 2)
	require.NoError(t, err)
	require.Equal(t, 2.0, got) // (0 + 4)/2
	got, err = metrics.Alignment(nil, nil, 2)
	require.NoError(t, err)
	require.True(t, math.IsNaN(got))
}

func distance(x []float32, dim, i, j int) (d float64) {
	for k := range dim {
		e := float64(x[i*dim+k]) - float64(x[j*dim+k])
		d += e * e
	}
	return d
}

func drawRows(t *rapid.T) (x []float32, rows, dim int) {
	rows, dim = rapid.IntRange(0, 12).Draw(t, "rows"), rapid.IntRange(1, 4).Draw(t, "dim")
	return rapid.SliceOfN(rapid.Float32Range(-3, 3), rows*dim, rows*dim).Draw(t, "x"), rows, dim
}

func TestClassAlignmentIsTheMeanOverPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, rows, dim := drawRows(t)
		labels := rapid.SliceOfN(rapid.IntRange(0, 2), rows, rows).Draw(t, "labels")
		perClass, mean, err := metrics.ClassAlignment(x, dim, labels, 3)
		require.NoError(t, err)
		total, measured := 0.0, 0
		for c, got := range perClass {
			sum, pairs := 0.0, 0
			for i := range rows {
				for j := range i {
					if labels[i] == c && labels[j] == c {
						sum += distance(x, dim, i, j)
						pairs++
					}
				}
			}
			if pairs == 0 {
				require.True(t, math.IsNaN(got))
				continue
			}
			require.InDelta(t, sum/float64(pairs), got, 1e-9)
			total += sum / float64(pairs)
			measured++
		}
		if measured == 0 {
			require.True(t, math.IsNaN(mean))
		} else {
			require.InDelta(t, total/float64(measured), mean, 1e-9)
		}
	})
}

func TestUniformityIsTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, rows, dim := drawRows(t)
		got, err := metrics.Uniformity(x, dim)
		require.NoError(t, err)
		if rows < 2 {
			require.True(t, math.IsNaN(got))
			return
		}
		sum, pairs := 0.0, 0
		for i := range rows {
			for j := range i {
				sum += math.Exp(-2 * distance(x, dim, i, j))
				pairs++
			}
		}
		want := math.Log(sum / float64(pairs))
		require.InDelta(t, want, got, 1e-9*max(1, math.Abs(want)))
	})
}

func TestUniformityOfRowsFarApart(t *testing.T) {
	got, err := metrics.Uniformity([]float32{0, 100}, 1)
	require.NoError(t, err)
	require.Equal(t, -20000.0, got) // exp would be 0
	got, err = metrics.Uniformity([]float32{1, 2, 1, 2, 1, 2}, 2)
	require.NoError(t, err)
	require.Equal(t, 0.0, got)
}

func TestGramOfASimplex(t *testing.T) {
	// The unit vectors of three dimensions less their mean: a triangle, of any length.
	g, err := metrics.NewGram([]float32{2, -1, -1, -1, 2, -1, -10, -10, 20}, 3)
	require.NoError(t, err)
	for i := range 3 {
		require.InDelta(t, 1, g.At(i, i), 1e-12)
	}
	require.InDelta(t, -0.5, g.At(0, 2), 1e-12)
	mean, worst := g.FromSimplex()
	require.InDelta(t, 0, mean, 1e-12)
	require.InDelta(t, 0, worst, 1e-12)
}

func TestGramByHand(t *testing.T) {
	g, err := metrics.NewGram([]float32{3, 0, 0, 5, -1, 0}, 2)
	require.NoError(t, err)
	require.Equal(t, []float64{1, 0, -1, 0, 1, 0, -1, 0, 1}, g.Cosines)
	mean, worst := g.FromSimplex() // −1/2 is ideal
	require.InDelta(t, 0.5, mean, 1e-12)
	require.InDelta(t, 0.5, worst, 1e-12)

	g, err = metrics.NewGram([]float32{2, 0, 1, 0, 0, 3}, 2) // cosines 1, 0 and 0
	require.NoError(t, err)
	mean, worst = g.FromSimplex()
	require.InDelta(t, (1.5+0.5+0.5)/3, mean, 1e-12)
	require.InDelta(t, 1.5, worst, 1e-12)
	g, err = metrics.NewGram([]float32{1, 0, 0, 1}, 2) // two should be opposite
	require.NoError(t, err)
	mean, worst = g.FromSimplex()
	require.Equal(t, [2]float64{1, 1}, [2]float64{mean, worst})

	g, err = metrics.NewGram([]float32{4, 3}, 2)
	require.NoError(t, err)
	mean, worst = g.FromSimplex()
	require.True(t, math.IsNaN(mean) && math.IsNaN(worst), "one class has no pairs")
}

func TestEmbeddingErrors(t *testing.T) {
	nan, infinite := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		a, b []float32
		want string
	}{
		{[]float32{1, 2, 3}, nil, "metrics: 3 values of a in rows of 2: rows must be whole"},
		{[]float32{1, 2}, []float32{1, nan}, "metrics: value 1 of row 0 of b is NaN: it must be finite"},
		{[]float32{1, 2, infinite, 3}, nil, "metrics: value 0 of row 1 of a is -Inf: it must be finite"},
		{[]float32{1, 2}, []float32{1, 2, 3, 4}, "metrics: alignment of 1 rows with 2: there must be as many"},
	} {
		got, err := metrics.Alignment(c.a, c.b, 2)
		require.EqualError(t, err, c.want)
		require.Zero(t, got)
	}
	for _, c := range []struct {
		x       []float32
		labels  []int
		classes int
		want    string
	}{
		{[]float32{1}, []int{0}, 1, "metrics: 1 values of x in rows of 2: rows must be whole"},
		{[]float32{1, 2}, []int{0, 1}, 2, "metrics: alignment of 1 rows with 2 labels: give a label for each row"},
		{[]float32{1, 2}, []int{2}, 2, "metrics: label 2 of row 0: classes go from 0 to 1"},
		{[]float32{1, 2}, []int{-1}, 2, "metrics: label -1 of row 0: classes go from 0 to 1"},
		{nil, nil, -1, "metrics: alignment of -1 classes: there must be at least 0 and at most 16777216"},
	} {
		perClass, mean, err := metrics.ClassAlignment(c.x, 2, c.labels, c.classes)
		require.EqualError(t, err, c.want)
		require.Nil(t, perClass)
		require.Zero(t, mean)
	}
	perClass, mean, err := metrics.ClassAlignment(nil, 2, nil, 0)
	require.NoError(t, err)
	require.Empty(t, perClass)
	require.True(t, math.IsNaN(mean), "no classes, no mean")
	uniformity, err := metrics.Uniformity([]float32{1, 2}, 0)
	require.EqualError(t, err, "metrics: 2 values of x in rows of 0: rows must be whole")
	require.Zero(t, uniformity)
	_, err = metrics.NewGram([]float32{1, 0, 0, 0}, 2)
	require.EqualError(t, err, "metrics: prototype 1 is zero: it has no direction to measure")
	_, err = metrics.NewGram(nil, 2)
	require.EqualError(t, err, "metrics: Gram matrix without prototypes: give a row for each class")
	_, err = metrics.NewGram([]float32{1, nan}, 2)
	require.EqualError(t, err, "metrics: value 1 of row 0 of prototypes is NaN: it must be finite")
}
