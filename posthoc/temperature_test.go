package posthoc_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// likelihood is the negative log-likelihood of labels at a temperature.
func likelihood(x *tensor.Tensor, labels []int, temperature float64) float64 {
	total := 0.0
	for i, y := range labels {
		r := row(x, i)
		sum := 0.0
		for _, v := range r {
			sum += math.Exp((v - r[y]) / temperature)
		}
		total += math.Log(sum)
	}
	return total
}

func TestFitTemperatureIsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, classes := rapid.IntRange(1, 20).Draw(t, "rows"), rapid.IntRange(2, 5).Draw(t, "classes")
		x := matrix(rows, classes, rapid.SliceOfN(rapid.Float32Range(-5, 5), rows*classes, rows*classes).Draw(t, "x")...)
		labels := rapid.SliceOfN(rapid.IntRange(0, classes-1), rows, rows).Draw(t, "labels")
		got, err := posthoc.FitTemperature(x, labels)
		require.NoError(t, err)
		best := likelihood(x, labels, got)
		for e := -2.9; e <= 2.9; e += 0.1 {
			require.LessOrEqual(t, best, likelihood(x, labels, math.Pow(10, e))+1e-6*float64(rows))
		}
	})
}

func TestFitTemperatureFindsTheTrueOne(t *testing.T) {
	// Labels are drawn from softmax(x); the logits given are 3·x, as an overconfident network's.
	rng := rand.New(rand.NewPCG(1, 1))
	x, labels := tensor.New(20000, 3), make([]int, 20000)
	for i := range labels {
		sum, r := 0.0, x.Rows(i, i+1).Data()
		for c := range r {
			r[c] = float32(2 * rng.NormFloat64())
			sum += math.Exp(float64(r[c]))
		}
		at := rng.Float64() * sum
		for labels[i] = 0; labels[i] < 2; labels[i]++ {
			if at -= math.Exp(float64(r[labels[i]])); at < 0 {
				break
			}
		}
		for c := range r {
			r[c] *= 3
		}
	}
	got, err := posthoc.FitTemperature(x, labels)
	require.NoError(t, err)
	require.InDelta(t, 3, got, 0.1)

	ece := func(temperature float64) float64 {
		p, err := metrics.Softmax(x.Data(), 3, temperature)
		require.NoError(t, err)
		bins, err := metrics.Reliability(p, labels, 0)
		require.NoError(t, err)
		return float64(metrics.ECE(bins))
	}
	require.Greater(t, ece(1), 0.1)
	require.Less(t, ece(got), 0.015)
}

func TestFitTemperatureEdges(t *testing.T) {
	for _, c := range []struct {
		x      *tensor.Tensor
		labels []int
		want   float64
	}{
		{matrix(1, 2, 1, 0), []int{0}, 1e-3},                // always right: the sharper the better
		{matrix(1, 2, 1, 0), []int{1}, 1e3},                 // always wrong: the flatter the better
		{matrix(2, 2, 1, 1, -3, -3), []int{0, 1}, 1},        // says nothing
		{matrix(2, 1, 5, 7), []int{0, 0}, 1},                // one class
		{matrix(2, 2, 1e30, -1e30, 1, 0), []int{0, 1}, 1e3}, // huge logits
	} {
		got, err := posthoc.FitTemperature(c.x, c.labels)
		require.NoError(t, err)
		require.InEpsilon(t, c.want, got, 1e-9)
	}
	_, err := posthoc.FitTemperature(matrix(0, 2), nil)
	require.EqualError(t, err, "posthoc: no logits: a temperature is fitted on held-out images")
	_, err = posthoc.FitTemperature(matrix(1, 2, 1, nan), []int{0})
	require.EqualError(t, err, "posthoc: logits of row 0 have the value NaN at position 1: they must be finite")
	_, err = posthoc.FitTemperature(matrix(1, 2, 1, 1), []int{-1})
	require.EqualError(t, err, "posthoc: label of row 0 is -1, not one of 2 classes")
}
