package metrics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/longtail-ml/longtail/metrics"
)

// drawn is a column of draws.
func drawn(draws [][]float64, of func(d []float64) float64) (all []float64) {
	for _, d := range draws {
		all = append(all, of(d))
	}
	return all
}

// The deviation of the draws is that of the textbook: Σ over classes of the share² · s²/n, with n−1 in s².
func TestResampleHasTheDeviationOfTheMeans(t *testing.T) {
	labels := []int{0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2}
	a := []int{0, 0, 0, 1, 0, 2, 0, 0, 2, 0, 2}
	b := []int{0, 1, 1, 0, 0, 0, 0, 0, 2, 2, 1}
	r, err := metrics.Resample(labels, [][]int{a, b}, metrics.ResampleSettings{Draws: 100000, Seed: 3})
	require.NoError(t, err)
	// Right of a: 6/8 and 2/3; of b: 6/8 and 2/3. a−b: 0 1 1 −1 0 −1 0 0 | 0 −1 1.
	variance := func(share0, share2 float64) float64 {
		return share0*share0*(4.0/7)/8 + share2*share2*(2.0/2)/3
	}
	top1 := drawn(r.Top1, func(d []float64) float64 { return d[0] - d[1] })
	balanced := drawn(r.Balanced, func(d []float64) float64 { return d[0] - d[1] })
	require.InEpsilon(t, math.Sqrt(variance(8.0/11, 3.0/11)), stat.StdDev(top1, nil), 0.01)
	require.InEpsilon(t, math.Sqrt(variance(0.5, 0.5)), stat.StdDev(balanced, nil), 0.01)
	require.InDelta(t, 0, stat.Mean(balanced, nil), 0.005)
	alone := drawn(r.Top1, func(d []float64) float64 { return d[0] })
	require.InDelta(t, 8.0/11, stat.Mean(alone, nil), 0.002)
	require.InEpsilon(t, math.Sqrt(8.0*8/121*(6.0/8*2/8*8/7)/8+9.0/121*(2.0/3*1/3*3/2)/3), stat.StdDev(alone, nil), 0.01)

	again, err := metrics.Resample(labels, [][]int{b, labels, a}, metrics.ResampleSettings{Draws: 100, Seed: 3})
	require.NoError(t, err)
	for d := range again.Top1 {
		require.Equal(t, []float64{r.Top1[d][1], 1, r.Top1[d][0]}, again.Top1[d], "other classifiers, the same images")
	}
}

// Intervals of 95% have the true difference in them about that often.
func TestIntervalsCover(t *testing.T) {
	const tries, images = 400, 200
	random := rand.New(rand.NewPCG(5, 0))
	covered, p := 0, 0
	for range tries {
		labels, a, b := make([]int, images), make([]int, images), make([]int, images)
		for i := range images {
			labels[i] = i % 4
			hard := random.Float64() < 0.5 // which both find hard
			for _, c := range []struct {
				of   []int
				rate float64
			}{{a, 0.7}, {b, 0.6}} {
				rate := c.rate + 0.2
				if hard {
					rate -= 0.4
				}
				if c.of[i] = labels[i]; random.Float64() > rate {
					c.of[i] = labels[i] + 1
				}
			}
		}
		r, err := metrics.Resample(labels, [][]int{a, b}, metrics.ResampleSettings{Draws: 500})
		require.NoError(t, err)
		d, err := metrics.NewDifference(0.1, drawn(r.Top1, func(d []float64) float64 { return d[0] - d[1] }), 0)
		require.NoError(t, err)
		if d.Low <= 0.1 && d.High >= 0.1 {
			covered++
		}
		require.Equal(t, d.WithinNoise(), d.Low <= 0 && d.High >= 0)
		if d.P > 0.05+0.01 {
			require.True(t, d.WithinNoise(), d)
			p++
		}
	}
	require.InDelta(t, 0.95, float64(covered)/tries, 0.03)
	require.InDelta(t, 0.36, float64(p)/tries, 0.1, "the test has the power of a z-test: 2.2 deviations")
}

func TestResampleOfLittle(t *testing.T) {
	r, err := metrics.Resample([]int{7}, [][]int{{7}, {0}}, metrics.ResampleSettings{Draws: 3})
	require.NoError(t, err)
	require.Equal(t, &metrics.Resampled{Top1: [][]float64{{1, 0}, {1, 0}, {1, 0}}, Balanced: [][]float64{{1, 0}, {1, 0}, {1, 0}}}, r)
	r, err = metrics.Resample([]int{1, 1}, nil, metrics.ResampleSettings{})
	require.NoError(t, err)
	require.Len(t, r.Top1, 4000)

	for _, c := range []struct {
		labels    []int
		predicted [][]int
		draws     int
		want      []string
	}{
		{nil, nil, 0, []string{"without images"}},
		{[]int{0, 1}, [][]int{{0, 1}, {0}}, 0, []string{"classifier 1", "1 predictions", "2 labels"}},
		{[]int{0, -1}, nil, 0, []string{"image 1", "-1"}},
		{[]int{0, 1 << 24}, nil, 0, []string{"image 1", "less than 16777216"}},
		{[]int{0}, nil, -1, []string{"-1 draws"}},
		{[]int{0}, nil, 1<<24 + 1, []string{"16777217 draws", "at most 16777216"}},
	} {
		r, err := metrics.Resample(c.labels, c.predicted, metrics.ResampleSettings{Draws: c.draws})
		for _, part := range c.want {
			require.ErrorContains(t, err, part)
		}
		require.Nil(t, r)
	}
	r, err = metrics.Resample([]int{0, 1}, [][]int{{0, 0}}, metrics.ResampleSettings{Draws: 1})
	require.NoError(t, err)
	require.Equal(t, &metrics.Resampled{Top1: [][]float64{{0.5}}, Balanced: [][]float64{{0.5}}}, r, "one draw")
}

func TestNewDifference(t *testing.T) {
	var draws []float64
	for i := range 200 {
		draws = append(draws, float64(199-i)) // 0 to 199
	}
	d, err := metrics.NewDifference(100, draws, 0.9)
	require.NoError(t, err)
	require.Equal(t, metrics.Difference{Mean: 100, Low: 10, High: 189, P: 4.0 / 201}, d)
	require.False(t, d.WithinNoise())
	d, err = metrics.NewDifference(1, []float64{3, -1, 1, 2}, 0)
	require.NoError(t, err)
	require.Equal(t, metrics.Difference{Mean: 1, Low: -1, High: 3, P: 2 * 2.0 / 5}, d)
	require.True(t, d.WithinNoise())
	d, err = metrics.NewDifference(0, []float64{0, 0, 0}, 0)
	require.NoError(t, err)
	require.Equal(t, metrics.Difference{P: 1}, d)
	require.True(t, d.WithinNoise(), "two that are alike")
	for _, bad := range []struct {
		draws      []float64
		confidence float64
		want       string
	}{{nil, 0, "no draws"}, {[]float64{1, math.NaN()}, 0, "NaN"}, {draws, 1, "confidence 1"}, {draws, -0.5, "-0.5"}} {
		_, err := metrics.NewDifference(0, bad.draws, bad.confidence)
		require.ErrorContains(t, err, bad.want)
	}
}
