package report

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestReadCurves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.csv")
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o666)) }
	write("step,name,value,time\n0,loss,2,T\n0,settings/lr,x,T\n1,loss,1.5,T\n1,loss,1.25,T\n2,\"a,b\",NaN,T\n2,loss,1.")
	c, err := ReadCurves(path)
	require.NoError(t, err)
	require.Equal(t, []Point{{0, 2}, {1, 1.25}}, c["loss"])
	require.True(t, math.IsNaN(c["a,b"][0].Value))
	require.NotContains(t, c, "settings/lr")
	for _, text := range []string{"", "a,b\n", "loss\n1\n"} {
		write(text)
		_, err = ReadCurves(path)
		require.ErrorContains(t, err, path)
	}
	write("step,name,value,time\n0,loss\n")
	_, err = ReadCurves(path)
	require.ErrorContains(t, err, path)
}

func TestGroupingOf(t *testing.T) {
	g, words := groupingOf("metrics.ByRank{First: 2, Last: 4}")
	require.Equal(t, metrics.ByRank{First: 2, Last: 4}, g)
	require.Contains(t, words, "the 4 with the fewest")
	g, words = groupingOf("metrics.Groups{Many: 50}")
	require.Equal(t, metrics.Groups{Many: 50, Few: 20}, g)
	require.Contains(t, words, "more than 50")
	g, _ = groupingOf("counts")
	require.Equal(t, metrics.Groups{Many: 100, Few: 20}, g)
}

func TestTicks(t *testing.T) {
	labels := func(low, high float64) string {
		var all []string
		for _, k := range (ticks{}).Ticks(low, high) {
			all = append(all, k.Label)
		}
		return strings.Join(all, " ")
	}
	require.Equal(t, "0 20 40 60 80 100", labels(0, 100))
	require.Equal(t, "0 0.2 0.4 0.6 0.8 1", labels(0, 1))
	require.Equal(t, "−1 0 1 2 3", labels(-1.5, 3))
	require.Equal(t, "0 20,000 40,000 60,000", labels(0, 61000))
	require.Equal(t, "3", labels(3, 3))
	for range 1000 {
		low := rand.NormFloat64() * math.Pow(10, 6*rand.Float64()-3)
		all := (ticks{}).Ticks(low, low+math.Pow(10, 8*rand.Float64()-4))
		require.True(t, len(all) >= 2 && len(all) <= 8, all)
	}
	require.Len(t, (logTicks{}).Ticks(1, 100), 7)
	require.Len(t, (logTicks{}).Ticks(1, 1e6), 7)
	require.Empty(t, (logTicks{}).Ticks(0, 10))
	require.Equal(t, "1,234,567", count(1234567))
	require.Equal(t, "123", count(123))
}

// Counted part by part, the bins are those of all predictions at once.
func TestMergedReliability(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	logits, labels := tensor.New(50, 4), make([]int, 50)
	for i := range logits.Data() {
		logits.Data()[i] = float32(2 * rng.NormFloat64())
	}
	for i := range labels {
		labels[i] = rng.IntN(4)
	}
	c := Calibration{Temperatures: []float64{2, 0.5}}
	for from := 0; from < 50; from += 7 {
		to := min(from+7, 50)
		require.NoError(t, c.add(from, logits.Rows(from, to), labels[from:to]))
	}
	probs, err := metrics.Softmax(logits.Data(), 4, 1)
	require.NoError(t, err)
	want, err := metrics.Reliability(probs, labels, 0)
	require.NoError(t, err)
	require.InDelta(t, float64(metrics.ECE(want)), float64(metrics.ECE(c.Before)), 1e-9)
	for i := range 50 { // even images are scaled by what was fitted on odd ones
		row, err := metrics.Softmax(logits.Rows(i, i+1).Data(), 4, []float64{0.5, 2}[i%2])
		require.NoError(t, err)
		copy(probs[4*i:], row)
	}
	want, err = metrics.Reliability(probs, labels, 0)
	require.NoError(t, err)
	require.InDelta(t, float64(metrics.ECE(want)), float64(metrics.ECE(c.After)), 1e-9)
}

func TestPairs(t *testing.T) {
	outcomes := []Outcome{{0, 1, 1, 0}, {0, 1, 1, 0}, {0, 0, 1, 1}, {1, 0, 1, 0}, {2, 1, 1, 0}}
	c, err := metrics.NewConfusion(3)
	require.NoError(t, err)
	for _, o := range outcomes {
		require.NoError(t, c.Add(o.Label, o.Predicted))
	}
	all := pairs(outcomes, c, 2)
	require.Equal(t, []pair{{0, 1, 2, 2. / 3, 1}, {1, 0, 1, 1, 2}}, all)
}
