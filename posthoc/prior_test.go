package posthoc_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// The probabilities of the adjusted logits are p_c·to_c/from_c, scaled to 1: formula 2.4 of the paper, in float64.
func TestAdjustToPriorIsThePapersFormula(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	const rows, classes = 20, 5
	x := tensor.New(rows, classes)
	for i := range x.Data() {
		x.Data()[i] = float32(3 * random.NormFloat64())
	}
	from, to := []float64{50, 20, 10, 0, 1}, []float64{1, 1, 4, 0, 0}
	got, err := posthoc.AdjustToPrior(x, from, to)
	require.NoError(t, err)
	for i := range rows {
		want, sum, have, total := make([]float64, classes), 0.0, make([]float64, classes), 0.0
		for c := range classes {
			if from[c] > 0 {
				want[c] = math.Exp(float64(x.Data()[i*classes+c])) * (to[c] / 6) / (from[c] / 81)
			}
			sum += want[c]
			have[c] = math.Exp(float64(got.Data()[i*classes+c]))
			total += have[c]
		}
		for c := range classes {
			require.InDelta(t, want[c]/sum, have[c]/total, 1e-6)
		}
	}
	c, err := posthoc.Judge(got, make([]int, rows))
	require.NoError(t, err, "−Inf is a score")
	require.Zero(t, c.At(0, 3)+c.At(0, 4))

	// From the training counts to uniform it is AdjustLogits, but for a constant.
	counts := []int{50, 20, 10, 3, 1}
	a, err := posthoc.AdjustLogits(x, counts, 1)
	require.NoError(t, err)
	b, err := posthoc.AdjustToPrior(x, []float64{50, 20, 10, 3, 1}, []float64{2, 2, 2, 2, 2})
	require.NoError(t, err)
	for i := range a.Data() {
		require.InDelta(t, a.Data()[i]-a.Data()[0], b.Data()[i]-b.Data()[0], 1e-5)
	}
}

// calibrated draws images of normal classes by the prior truth, and returns the exact log-posteriors under the prior from.
func calibrated(n int, from, truth []float64, seed uint64) *tensor.Tensor {
	random := rand.New(rand.NewPCG(seed, 0))
	x := tensor.New(n, len(from))
	for i := range n {
		u, y := random.Float64(), 0
		for ; y < len(truth)-1 && u > truth[y]; y++ {
			u -= truth[y]
		}
		v := random.NormFloat64() + 1.5*float64(y)
		for c, p := range from {
			d := v - 1.5*float64(c)
			x.Data()[i*len(from)+c] = float32(math.Log(p) - d*d/2)
		}
	}
	return x
}

// On images of a calibrated model, the estimate is their distribution, wherever the model comes from.
func TestEstimatePriorRecoversThePrior(t *testing.T) {
	for i, c := range []struct{ from, truth []float64 }{
		{[]float64{0.9, 0.08, 0.015, 0.005}, []float64{0.25, 0.25, 0.25, 0.25}},
		{[]float64{0.25, 0.25, 0.25, 0.25}, []float64{0.7, 0.05, 0.2, 0.05}},
		{[]float64{0.9, 0.08, 0.015, 0.005}, []float64{0.005, 0.015, 0.08, 0.9}},
		{[]float64{0.4, 0.3, 0.2, 0.1}, []float64{0.4, 0.3, 0.2, 0.1}},
		{[]float64{0.4, 0.3, 0.2, 0.1}, []float64{0.5, 0, 0.5, 0}},
	} {
		e, err := posthoc.EstimatePrior(calibrated(5000, c.from, c.truth, uint64(i)), c.from, posthoc.PriorSettings{Tolerance: 1e-5})
		require.NoError(t, err)
		require.True(t, e.Converged, e.Rounds)
		require.InDeltaSlice(t, c.truth, e.Prior, 0.03, "%v", e)
		sum := 0.0
		for _, p := range e.Prior {
			sum += p
		}
		require.InDelta(t, 1, sum, 1e-9)
	}
}

// Each round is the paper's: posteriors under the last estimate, and their mean. No round makes the images less likely.
func TestEstimatePriorIsThePapersEM(t *testing.T) {
	from := []float64{0.6, 0.3, 0.1}
	x := calibrated(200, from, []float64{0.2, 0.3, 0.5}, 7)
	probs, err := metrics.Softmax(x.Data(), 3, 0)
	require.NoError(t, err)
	q, before := []float64{0.6, 0.3, 0.1}, math.Inf(-1)
	for round := range 30 {
		e, err := posthoc.EstimatePrior(x, from, posthoc.PriorSettings{Rounds: round + 1, Tolerance: 1e-300})
		require.NoError(t, err)
		next, likelihood := make([]float64, 3), 0.0
		for i := range 200 {
			sum, row := 0.0, make([]float64, 3)
			for c := range row {
				row[c] = q[c] / from[c] * float64(probs[3*i+c])
				sum += row[c]
			}
			likelihood += math.Log(sum)
			for c := range row {
				next[c] += row[c] / sum / 200
			}
		}
		require.InDeltaSlice(t, next, e.Prior, 1e-6)
		require.Equal(t, round+1, e.Rounds)
		require.False(t, e.Converged)
		require.GreaterOrEqual(t, likelihood, before-1e-9)
		q, before = next, likelihood
	}
}

// Zero values stand for 10,000 rounds and 1e-6. These images say next to nothing, so that the estimate hardly moves.
func TestEstimatePriorEndsAsItIsTold(t *testing.T) {
	x, from := matrix(2, 2, 0.002, 0, 0, 0.001), []float64{1, 1}
	for s, rounds := range map[posthoc.PriorSettings]int{{Tolerance: 1e-300}: 10000, {Rounds: 3, Tolerance: 1e-300}: 3, {Tolerance: 1}: 1} {
		e, err := posthoc.EstimatePrior(x, from, s)
		require.NoError(t, err)
		require.Equal(t, rounds, e.Rounds)
		require.Equal(t, rounds == 1, e.Converged)
	}
	from = []float64{0.3, 0.7}
	x = calibrated(100, from, []float64{0.6, 0.4}, 3)
	want, err := posthoc.EstimatePrior(x, from, posthoc.PriorSettings{Rounds: 10000, Tolerance: 1e-6})
	require.NoError(t, err)
	got, err := posthoc.EstimatePrior(x, from, posthoc.PriorSettings{})
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.True(t, got.Converged)
}

func TestPriorsOfLittle(t *testing.T) {
	one, err := posthoc.EstimatePrior(matrix(2, 1, 4, 5), []float64{3}, posthoc.PriorSettings{})
	require.NoError(t, err)
	require.Equal(t, []float64{1}, one.Prior, "one class")
	got, err := posthoc.AdjustToPrior(matrix(2, 1, 4, 5), []float64{3}, []float64{7})
	require.NoError(t, err)
	require.Equal(t, []float32{4, 5}, got.Data())
	huge, err := posthoc.PriorShift([]float64{1e308, 1e308, 1e308}, []float64{5e-324, 5e-324, 0})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{math.Log(1.5), math.Log(1.5)}, huge[:2], 1e-12, "no sum overflows or is lost")
	require.Equal(t, math.Inf(-1), huge[2])
	none, err := posthoc.EstimatePrior(matrix(2, 3, 1, 2, 900, -900, 2, 900), []float64{1, 1, 0}, posthoc.PriorSettings{})
	require.NoError(t, err)
	require.Zero(t, none.Prior[2], "what the model cannot see has no share")
	require.InDelta(t, 1, none.Prior[0]+none.Prior[1], 1e-12)
	far, err := posthoc.EstimatePrior(matrix(2, 2, 3e38, -3e38, 3e38, -3e38), []float64{1, 1}, posthoc.PriorSettings{})
	require.NoError(t, err)
	require.Equal(t, []float64{1, 0}, far.Prior)
	require.True(t, far.Converged)
	empty, err := posthoc.AdjustToPrior(tensor.New(0, 2), []float64{1, 1}, []float64{1, 2})
	require.NoError(t, err)
	require.Zero(t, empty.Dim(0))

	x := matrix(1, 2, 0, 0)
	for _, c := range []struct {
		from, to []float64
		want     []string
	}{
		{[]float64{1, 1, 1}, []float64{1, 1, 1}, []string{"priors of 3 classes", "2"}},
		{[]float64{1, 1}, []float64{1, 1, 1}, []string{"target prior of 3 classes"}},
		{[]float64{0, 0}, []float64{1, 1}, []string{"no weight"}},
		{[]float64{1, -1}, []float64{1, 1}, []string{"class 1", "-1"}},
		{[]float64{1, 1}, []float64{math.NaN(), 1}, []string{"class 0", "NaN"}},
		{[]float64{1, 1}, []float64{math.Inf(1), 1}, []string{"class 0", "Inf"}},
		{[]float64{1, 0}, []float64{1, 1}, []string{"class 1 has no weight in the model's prior"}},
	} {
		_, err := posthoc.AdjustToPrior(x, c.from, c.to)
		for _, part := range c.want {
			require.ErrorContains(t, err, part)
		}
	}
	for _, c := range []struct {
		x    *tensor.Tensor
		from []float64
		s    posthoc.PriorSettings
		want string
	}{
		{tensor.New(0, 2), []float64{1, 1}, posthoc.PriorSettings{}, "no logits"},
		{nil, []float64{1, 1}, posthoc.PriorSettings{}, "none"},
		{matrix(1, 2, nan, 0), []float64{1, 1}, posthoc.PriorSettings{}, "NaN"},
		{x, []float64{1}, posthoc.PriorSettings{}, "1 classes"},
		{x, []float64{1, 1}, posthoc.PriorSettings{Rounds: -1}, "-1 rounds"},
		{x, []float64{1, 1}, posthoc.PriorSettings{Tolerance: -1}, "-1"},
	} {
		_, err := posthoc.EstimatePrior(c.x, c.from, c.s)
		require.ErrorContains(t, err, c.want)
	}
}
