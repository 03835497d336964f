package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

func TestReliabilityByHand(t *testing.T) {
	probs := []float32{0.75, 0.25, 0.5, 0.5, 0, 1, 0.25, 0.75}
	bins, err := metrics.Reliability(probs, []int{0, 1, 1, 0}, 2)
	require.NoError(t, err)
	// The tie of row 1 is for class 0, wrong, and its confidence 0.5 is in the first bin. Above: 0.75 right, 1 right, 0.75 wrong.
	require.Equal(t, []metrics.Bin{
		{Low: 0, High: 0.5, Images: 1, Confidence: 0.5, Accuracy: 0},
		{Low: 0.5, High: 1, Images: 3, Confidence: 2.5 / 3, Accuracy: metrics.Rate(2. / 3)},
	}, bins)
	require.InDelta(t, 0.25*0.5+0.75*(2.5/3-2./3), float64(metrics.ECE(bins)), 1e-12)

	one, err := metrics.NewCalibration(2)
	require.NoError(t, err)
	for _, p := range []struct {
		confidence float32
		correct    bool
	}{{0.75, true}, {0.5, false}, {1, true}, {0.75, false}} {
		require.NoError(t, one.Add(p.confidence, p.correct))
	}
	require.Equal(t, bins, one.Bins())
	require.ErrorContains(t, one.Add(1.5, true), "1.5")
	require.ErrorContains(t, one.Add(float32(math.NaN()), true), "NaN")
	require.Equal(t, bins, one.Bins())
	_, err = metrics.NewCalibration(-1)
	require.ErrorContains(t, err, "-1 bins")

	brier, err := metrics.Brier(probs, []int{0, 1, 1, 0})
	require.NoError(t, err)
	require.InDelta(t, (2*0.0625+2*0.25+0+2*0.5625)/4, brier, 1e-12)

	rates, err := metrics.ClasswiseECE(probs, []int{0, 1, 1, 0}, 2)
	require.NoError(t, err)
	// Class 0 has 0.5, 0, 0.25 in the first bin, of which one is 0; 0.75, which is 0, in the second. Class 1 mirrors the
	// values, but its 0.5 and 0.25 are the first bin's, and 1 and 0.75 the second's.
	require.InDelta(t, 0.75*(1./3-0.25)+0.25*0.25, float64(rates[0]), 1e-12)
	require.InDelta(t, 0.5*math.Abs(0.5-0.375)+0.5*math.Abs(0.5-0.875), float64(rates[1]), 1e-12)
}

func TestBinsAreFifteenUnlessToldOtherwise(t *testing.T) {
	bins, err := metrics.Reliability([]float32{1, 0}, []int{0}, 0)
	require.NoError(t, err)
	require.Len(t, bins, 15)
	require.Equal(t, 1, bins[14].Images)
	require.Equal(t, "n/a", bins[3].Accuracy.String(), "an empty bin was not measured")
	require.Equal(t, "n/a", bins[3].Confidence.String())
}

// A bin holds its upper end, the lowest also 0.
func TestBinsHoldTheirUpperEnds(t *testing.T) {
	for confidence, want := range map[float32][]int{0: {1, 0, 0, 0}, 0.25: {1, 0, 0, 0}, 0.26: {0, 1, 0, 0}, 0.75: {0, 0, 1, 0}, 0.76: {0, 0, 0, 1}, 1: {0, 0, 0, 1}} {
		c, err := metrics.NewCalibration(4)
		require.NoError(t, err)
		require.NoError(t, c.Add(confidence, true))
		var images []int
		for i, b := range c.Bins() {
			require.Equal(t, [2]float64{float64(i) / 4, float64(i+1) / 4}, [2]float64{b.Low, b.High})
			images = append(images, b.Images)
		}
		require.Equal(t, want, images, "%v", confidence)
	}
	for bins, good := range map[int]bool{-1: false, 1: true, 1_000_000: true, 1_000_001: false} {
		c, err := metrics.NewCalibration(bins)
		require.Equal(t, good, err == nil && len(c.Bins()) == bins, "%d bins", bins)
	}
}

func TestCalibratedPredictionsHaveNoError(t *testing.T) {
	// Labels drawn from the predicted probabilities are calibrated by definition.
	rng, n, classes := rand.New(rand.NewPCG(1, 2)), 60000, 4
	probs, labels := make([]float32, n*classes), make([]int, n)
	for i := range labels {
		sum := 0.0
		row := probs[i*classes : (i+1)*classes]
		for c := range row {
			row[c] = float32(rng.ExpFloat64())
			sum += float64(row[c])
		}
		at := rng.Float64()
		for c := range row {
			row[c] = float32(float64(row[c]) / sum)
			if at -= float64(row[c]); at < 0 {
				at = 2
				labels[i] = c
			}
		}
	}
	bins, err := metrics.Reliability(probs, labels, 15)
	require.NoError(t, err)
	require.Less(t, float64(metrics.ECE(bins)), 0.01)
	rates, err := metrics.ClasswiseECE(probs, labels, 15)
	require.NoError(t, err)
	require.Less(t, float64(metrics.Mean(rates)), 0.01)
}

func TestReliabilityBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		classes, n := rapid.IntRange(1, 5).Draw(t, "classes"), rapid.IntRange(1, 20).Draw(t, "rows")
		logits := rapid.SliceOfN(rapid.Float32Range(-30, 30), n*classes, n*classes).Draw(t, "logits")
		labels := rapid.SliceOfN(rapid.IntRange(0, classes-1), n, n).Draw(t, "labels")
		probs, err := metrics.Softmax(logits, classes, 1)
		require.NoError(t, err)
		bins, err := metrics.Reliability(probs, labels, rapid.IntRange(1, 30).Draw(t, "bins"))
		require.NoError(t, err)
		images := 0
		for _, b := range bins {
			images += b.Images
			if b.Images > 0 {
				require.True(t, float64(b.Confidence) >= b.Low-1e-6 && float64(b.Confidence) <= b.High+1e-6)
			}
		}
		require.Equal(t, n, images)
		ece := float64(metrics.ECE(bins))
		require.True(t, ece >= 0 && ece <= 1)
		brier, err := metrics.Brier(probs, labels)
		require.NoError(t, err)
		require.True(t, brier >= 0 && brier <= 2+1e-6)
	})
}

func TestCalibrationOfNothing(t *testing.T) {
	bins, err := metrics.Reliability(nil, nil, 3)
	require.NoError(t, err)
	require.Equal(t, "n/a", metrics.ECE(bins).String())
	rates, err := metrics.ClasswiseECE(nil, nil, 3)
	require.NoError(t, err)
	require.Empty(t, rates)
	brier, err := metrics.Brier(nil, nil)
	require.NoError(t, err)
	require.True(t, math.IsNaN(brier))
}

func TestSoftmax(t *testing.T) {
	p, err := metrics.Softmax([]float32{0, float32(math.Log(3)), 1e30, -1e30}, 2, 0)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float32{0.25, 0.75, 1, 0}, p, 1e-7)
	p, err = metrics.Softmax([]float32{0, float32(math.Log(9))}, 2, 2)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float32{0.25, 0.75}, p, 1e-7)
	for _, c := range []struct {
		logits      []float32
		classes     int
		temperature float64
		want        string
	}{
		{[]float32{1, 2, 3}, 2, 1, "metrics: 3 logits in rows of 2 classes: rows must be whole"},
		{[]float32{1}, 0, 1, "metrics: 1 logits in rows of 0 classes: rows must be whole"},
		{[]float32{1, 2, 3, float32(math.NaN())}, 2, 1, "metrics: logit of row 1, class 1 is NaN: logits must be finite"},
		{[]float32{1, float32(math.Inf(-1))}, 2, 1, "metrics: logit of row 0, class 1 is -Inf: logits must be finite"},
		{nil, 2, -1, "metrics: softmax at temperature -1: it must be positive and finite, or 0 for 1"},
		{nil, 2, math.Inf(1), "metrics: softmax at temperature +Inf: it must be positive and finite, or 0 for 1"},
	} {
		p, err := metrics.Softmax(c.logits, c.classes, c.temperature)
		require.EqualError(t, err, c.want)
		require.Nil(t, p)
	}
	p, err = metrics.Softmax(nil, 2, 1)
	require.NoError(t, err)
	require.Empty(t, p)
}

func TestProbabilityErrors(t *testing.T) {
	for _, c := range []struct {
		probs  []float32
		labels []int
		want   string
	}{
		{[]float32{1}, nil, "metrics: 1 probabilities without labels: give a label for each row"},
		{nil, []int{0}, "metrics: 0 probabilities for 1 labels: rows must be whole"},
		{[]float32{1, 0, 0}, []int{0, 0}, "metrics: 3 probabilities for 2 labels: rows must be whole"},
		{[]float32{1, 0}, []int{2}, "metrics: label 2 of row 0: classes go from 0 to 1"},
		{[]float32{1, 0, 1, 0}, []int{0, -1}, "metrics: label -1 of row 1: classes go from 0 to 1"},
		{[]float32{1, 0, 3, -2}, []int{0, 1}, "metrics: probability of row 1, class 0 is 3: it must be in [0, 1]; Softmax makes " +
			"probabilities of logits"},
		{[]float32{0.5, 0.25}, []int{0}, "metrics: probabilities of row 0 sum to 0.75: they must sum to 1; Softmax makes " +
			"probabilities of logits"},
		{[]float32{0.75, 0.251220703125}, []int{0}, "metrics: probabilities of row 0 sum to 1.001220703125: they must sum to 1; Softmax makes " +
			"probabilities of logits"},
	} {
		bins, err := metrics.Reliability(c.probs, c.labels, 0)
		require.EqualError(t, err, c.want)
		require.Nil(t, bins)
		rates, err := metrics.ClasswiseECE(c.probs, c.labels, 0)
		require.EqualError(t, err, c.want)
		require.Nil(t, rates)
		brier, err := metrics.Brier(c.probs, c.labels)
		require.EqualError(t, err, c.want)
		require.Zero(t, brier)
	}
	_, err := metrics.Brier([]float32{0.75, 0.2492}, []int{0})
	require.NoError(t, err, "rounding is no error")
	_, err = metrics.Reliability(nil, nil, -1)
	require.EqualError(t, err, "metrics: reliability in -1 bins: choose 1 to 1000000, or 0 for 15")
}
