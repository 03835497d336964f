package loss

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// Against values of 60 digits, for embeddings of 2 to 2,048 dimensions; testdata/bessel.py computes them.
func TestBesselAgainstHighPrecision(t *testing.T) {
	raw, err := os.ReadFile("testdata/bessel.json")
	require.NoError(t, err)
	var rows [][4]float64
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.Greater(t, len(rows), 500)
	worst, worstRatio := 0.0, 0.0
	for _, r := range rows {
		nu, x := r[0]/2-1, r[1]
		size := math.Max(1, math.Max(math.Abs(r[2]), x))
		e := math.Abs(logBesselScaled(nu, x)-r[2]) / size
		require.LessOrEqual(t, e, 1e-14, "ν %v, x %v: %v, want %v", nu, x, logBesselScaled(nu, x), r[2])
		ratio := math.Abs(besselRatio(nu, x)/r[3]-1) / size
		require.LessOrEqual(t, ratio, 1e-14, "ν %v, x %v: ratio %v, want %v", nu, x, besselRatio(nu, x), r[3])
		worst, worstRatio = math.Max(worst, e), math.Max(worstRatio, ratio)
	}
	t.Logf("relative errors up to %.1e, of the ratio %.1e", worst, worstRatio)
}

// Half-integer orders are elementary: I_½(x) = √(2/πx) sinh x.
func TestBesselOfThreeDimensions(t *testing.T) {
	for _, x := range []float64{1e-6, 0.5, 3, 40, 49.99, 50.01, 200} {
		want := 0.5*math.Log(2/math.Pi) + math.Log(-math.Expm1(-2*x)/2/x) + x
		require.InDelta(t, want, logBesselScaled(0.5, x), 1e-15*math.Max(1, x), "x %v", x)
		if x < 0.1 {
			continue // coth x − 1/x loses its digits
		}
		require.InEpsilon(t, (1/math.Tanh(x)-1/x)/x, besselRatio(0.5, x), 1e-12, "x %v", x)
	}
}

// The two forms meet where one takes over from the other.
func TestBesselFormsMeet(t *testing.T) {
	for nu := 0.0; nu < 50; nu += 0.5 {
		x := math.Sqrt(50*50 - nu*nu)
		require.InDelta(t, besselSeries(nu, x), besselUniform(nu, x, math.Hypot(nu, x)), 1e-12, "ν %v", nu)
	}
}

func TestBesselPassesNaNOn(t *testing.T) {
	require.True(t, math.IsNaN(logBesselScaled(3, math.NaN())))
	require.True(t, math.IsNaN(besselRatio(3, math.NaN())))
}
