package method_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

func TestSAMAndImbSAM(t *testing.T) {
	s := method.Setup{Counts: []int{500, 99, 100, 3}, Size: size}
	_, streams, err := method.SAM(method.SAMSettings{}).New(body(t), s)
	require.NoError(t, err)
	require.Equal(t, 0.05, streams[0].Terms[0].Rho)
	require.Equal(t, &loss.CrossEntropy{}, streams[0].Terms[0].Loss)

	for _, c := range []struct {
		counts []int
		tail   int
		want   []float64
	}{{s.Counts, 0, []float64{0, 1, 0, 1}}, {s.Counts, 4, []float64{0, 0, 0, 1}}, {s.Counts, 500, []float64{0, 1, 1, 1}},
		{[]int{4, 9, 2, 2, 2}, 0, []float64{0, 0, 0, 1, 1}}, {[]int{400, 900, 200}, 0, []float64{0, 0, 1}}, {[]int{5, 5}, 0, []float64{0, 1}}} {
		_, streams, err := method.ImbSAM(method.SAMSettings{Rho: 0.2, Tail: c.tail}).New(body(t), method.Setup{Counts: c.counts, Size: size})
		require.NoError(t, err)
		head, tail := streams[0].Terms[0], streams[0].Terms[1]
		require.Equal(t, c.want, tail.Loss.(*loss.CrossEntropy).Weights)
		for k, w := range head.Loss.(*loss.CrossEntropy).Weights {
			require.Equal(t, 1-c.want[k], w)
		}
		require.Equal(t, [2]float64{0, 0.2}, [2]float64{head.Rho, tail.Rho})
		require.Equal(t, loss.Mean, tail.Loss.(*loss.CrossEntropy).Reduction, "shares of one batch's mean")
	}
	for want, settings := range map[string]method.SAMSettings{"method: imbsam: SAMSettings of Rho -1": {Rho: -1}, "Rho NaN": {Rho: math.NaN()}, "Tail -1": {Tail: -1},
		"Tail 1 makes 0 of 4": {Tail: 1}, "Tail 501 makes 4 of 4": {Tail: 501}} {
		_, _, err := method.ImbSAM(settings).New(body(t), s)
		require.ErrorContains(t, err, want)
	}
}
