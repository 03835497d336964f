package optim_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
)

// graded returns parameters with the given gradients, one each.
func graded(t testing.TB, grads ...[]float32) []nn.Entry {
	var params []nn.Entry
	for _, g := range grads {
		p := param(t, make([]float32, len(g)), len(g))
		setGrad(t, p, g...)
		params = append(params, nn.Entry{Path: "p", Param: p})
	}
	return params
}

func TestGradNorm(t *testing.T) {
	require.Zero(t, optim.GradNorm(nil))
	require.Equal(t, 13.0, optim.GradNorm(graded(t, []float32{3, -4}, nil, []float32{12})))

	params := graded(t, []float32{3}, []float32{4}, []float32{7})
	params[2].Param.Frozen = true
	params = append(params, nn.Entry{Path: "unreached", Param: param(t, []float32{1}, 1)})
	require.Equal(t, 5.0, optim.GradNorm(params))
}

func TestGradNormAccumulatesInFloat64(t *testing.T) {
	require.Equal(t, 1e30, math.Round(optim.GradNorm(graded(t, []float32{1e30}))/1e24)*1e24)
	small := make([]float32, 1<<20) // in float32, 1 + 2⁻²⁶ is 1
	for i := range small {
		small[i] = 1.0 / 8192
	}
	small[0] = 1
	require.InDelta(t, math.Sqrt(1+(1<<20-1)/(8192.0*8192)), optim.GradNorm(graded(t, small)), 1e-12)
}

func TestClipNorm(t *testing.T) {
	params := graded(t, []float32{3}, []float32{-4})
	require.Equal(t, 5.0, optim.ClipNorm(params, 1))
	require.InDelta(t, 3/(5+1e-6), params[0].Param.Grad.Item(), 1e-7)
	require.InDelta(t, -4/(5+1e-6), params[1].Param.Grad.Item(), 1e-7)

	params = graded(t, []float32{1e-6})
	optim.ClipNorm(params, 1e-6)
	require.InEpsilon(t, 0.5e-6, params[0].Param.Grad.Item(), 1e-6, "the norm is as small as what is added to it")

	params = graded(t, []float32{3}, []float32{-4})
	require.Equal(t, 5.0, optim.ClipNorm(params, 5.1))
	require.Equal(t, float32(3), params[0].Param.Grad.Item())
	require.Equal(t, 5.0, optim.ClipNorm(params, math.Inf(1)))
	require.Equal(t, float32(3), params[0].Param.Grad.Item())
	require.Equal(t, 5.0, optim.ClipNorm(params, 0))
	require.Zero(t, optim.GradNorm(params))
	require.Zero(t, optim.ClipNorm(params, 0))
}

func TestClipNormLeavesFrozenAndBrokenGradients(t *testing.T) {
	params := graded(t, []float32{6}, []float32{8})
	params[1].Param.Frozen = true
	require.Equal(t, 6.0, optim.ClipNorm(params, 1))
	require.Equal(t, float32(8), params[1].Param.Grad.Item())

	for _, bad := range []float64{math.NaN(), math.Inf(-1)} {
		params = graded(t, []float32{3, float32(bad)})
		norm := optim.ClipNorm(params, 1)
		require.True(t, math.IsNaN(norm) || math.IsInf(norm, 1))
		require.Equal(t, float32(3), params[0].Param.Grad.Data()[0])
	}
}

func TestClipNormRefusesANormBelowZero(t *testing.T) {
	for want, max := range map[string]float64{
		"optim.ClipNorm: the largest norm is -1: it must be at least 0":  -1,
		"optim.ClipNorm: the largest norm is NaN: it must be at least 0": math.NaN(),
	} {
		require.EqualError(t, tensor.Try(func() error { optim.ClipNorm(nil, max); return nil }), want)
	}
}

func TestClippedNormIsWithinTheBound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := rapid.SliceOf(rapid.Float32Range(-1e6, 1e6)).Draw(rt, "gradient")
		max := rapid.Float64Range(0, 1e6).Draw(rt, "max")
		params := graded(t, g)
		before := optim.ClipNorm(params, max)
		after := optim.GradNorm(params)
		require.LessOrEqual(rt, after, max*(1+1e-5)+1e-9)
		if before < max-1e-5 {
			require.Equal(rt, before, after)
		}
	})
}
