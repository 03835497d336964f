package metrics_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/metrics"
)

var none = metrics.Rate(math.NaN())

func requireRates(t require.TestingT, want, got []metrics.Rate, what string) {
	require.Len(t, got, len(want), what)
	for i := range want {
		if math.IsNaN(float64(want[i])) {
			require.True(t, math.IsNaN(float64(got[i])), "%s[%d] is %v, want n/a", what, i, got[i])
			continue
		}
		require.InDelta(t, float64(want[i]), float64(got[i]), 1e-12, "%s[%d]", what, i)
	}
}

func TestRateString(t *testing.T) {
	for rate, want := range map[metrics.Rate]string{0: "0.00", 0.452: "45.20", 1: "100.00", 1.0 / 3: "33.33", none: "n/a"} {
		require.Equal(t, want, rate.String())
	}
}

func TestRateJSON(t *testing.T) {
	text, err := json.Marshal([]metrics.Rate{0.25, none, 0, 1})
	require.NoError(t, err)
	require.Equal(t, "[0.25,null,0,1]", string(text))

	back := make([]metrics.Rate, 4)
	require.NoError(t, json.Unmarshal(text, &back))
	requireRates(t, []metrics.Rate{0.25, none, 0, 1}, back, "rates")

	rapid.Check(t, func(t *rapid.T) {
		rate := metrics.Rate(rapid.Float64Range(0, 1).Draw(t, "rate"))
		text, err := json.Marshal(rate)
		require.NoError(t, err)
		var back metrics.Rate
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, rate, back)
	})
}

func TestRateJSONErrors(t *testing.T) {
	var r metrics.Rate
	require.EqualError(t, json.Unmarshal([]byte("45.2"), &r),
		"metrics: rate 45.2 is outside [0, 1]: rates are fractions, not percent")
	require.EqualError(t, json.Unmarshal([]byte("-0.1"), &r),
		"metrics: rate -0.1 is outside [0, 1]: rates are fractions, not percent")
	require.ErrorContains(t, json.Unmarshal([]byte(`"n/a"`), &r),
		`metrics: rate "n/a": it must be a number in [0, 1], or null: `)
	_, err := json.Marshal(metrics.Rate(math.Inf(1)))
	require.Error(t, err)
}
