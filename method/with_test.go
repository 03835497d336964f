package method_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/schedule"
)

// with returns the streams of a method with a setting.
func with(t *testing.T, name, setting, value string) (hybrid.Streams, error) {
	t.Helper()
	m, err := method.ByName(name)
	require.NoError(t, err)
	m, err = m.With(setting, value)
	if err != nil {
		return nil, err
	}
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Branches: m.Branches})
	require.NoError(t, err)
	_, streams, err := m.New(body, method.Setup{Counts: []int{9, 5, 2}, Size: 8, Dim: 4})
	return streams, err
}

func TestWith(t *testing.T) {
	of := func(name, setting, value string) loss.Loss {
		streams, err := with(t, name, setting, value)
		require.NoError(t, err, name)
		return streams[0].Terms[0].Loss
	}
	require.Equal(t, 0.3, of("hybrid-sc", "tau", "0.3").(*loss.SupervisedContrastive).Temperature)
	require.Equal(t, 0.3, of("hybrid-sc", "sc.tau", "0.3").(*loss.SupervisedContrastive).Temperature)
	require.True(t, of("hybrid-psc", "own", "true").(*loss.PrototypicalContrastive).IncludeOwn)
	require.False(t, of("hybrid-psc-own", "own", "false").(*loss.PrototypicalContrastive).IncludeOwn)
	require.Equal(t, loss.LogitAdjusted{Tau: 1.5}.Tau, of("logit-adjusted", "tau", "1.5").(*loss.LogitAdjusted).Tau)
	require.EqualValues(t, loss.Off, of("logit-adjusted", "tau", "0").(*loss.LogitAdjusted).Tau)
	require.Equal(t, 3, of("kcl", "positives", "3").(*loss.KCL).Positives)
	require.Equal(t, 0.2, of("tsc", "tau", "0.2").(*loss.TSC).Temperature)
	drw := of("ldam-drw", "max-margin", "0.4").(*loss.DRW)
	require.Equal(t, []float64{0.4, 0.4}, []float64{drw.Before.(*loss.LDAM).MaxMargin, drw.After.(*loss.LDAM).MaxMargin}, "before and after")
	drw = of("ldam-drw", "beta", "0.999").(*loss.DRW)
	require.Equal(t, []float64{0, 0.999}, []float64{drw.Before.(*loss.LDAM).Beta, drw.After.(*loss.LDAM).Beta}, "of the weights, which come after")
	for _, l := range of("ride", "ldam-drw.start", "0.5").(*loss.Experts).Each {
		require.Equal(t, 0.5, l.(*loss.DRW).Start, "of every expert")
	}
	require.Zero(t, of("ce", "smoothing", "0").(*loss.CrossEntropy).Smoothing)
	joint, err := with(t, "bcl", "bcl.tau", "0.2")
	require.NoError(t, err)
	require.Equal(t, 0.2, joint[0].Terms[1].Loss.(*loss.BalancedContrastive).Temperature)
	require.Zero(t, joint[0].Terms[0].Loss.(*loss.LogitAdjusted).Tau)

	half := schedule.Progress{Epoch: 1, Epochs: 2}
	for value, want := range map[string]float64{"parabolic": 0.75, "linear": 0.5, "cosine": 0.7071, "0.2": 0.2} {
		streams, err := with(t, "hybrid-sc", "curriculum", value)
		require.NoError(t, err)
		require.InDelta(t, want, streams[0].Terms[0].Weight.At(half), 1e-4)
		require.InDelta(t, 1-want, streams[1].Terms[0].Weight.At(half), 1e-4)
	}
	first, err := method.ByName("hybrid-sc")
	require.NoError(t, err)
	_, err = first.With("tau", "0.4")
	require.NoError(t, err)
	again, err := with(t, "hybrid-sc", "own", "true")
	require.ErrorContains(t, err, "sc.tau", "the method has it not, and says what it has")
	require.Nil(t, again)
}

func TestWithErrors(t *testing.T) {
	for _, c := range []struct{ name, setting, value, want string }{
		{"hybrid-sc", "tau", "x", `tau "x"`},
		{"hybrid-sc", "tau", "-1", `tau "-1"`},
		{"hybrid-sc", "tau", "NaN", `"NaN"`},
		{"hybrid-sc", "tau", "true", `"true"`},
		{"hybrid-sc", "tau", "0", "above 0"},
		{"hybrid-psc", "own", "2", `own "2"`},
		{"ldam-drw", "start", "0", `start "0" must be above 0`},
		{"ldam-drw", "max-margin", "-1", `max-margin "-1"`},
		{"ldam-drw", "reweight", "true", `no setting "reweight"`},
		{"ldam-drw", "scale", "20", `no setting "scale"`},
		{"ldam-drw", "start", "2", "Start 2 must be in (0, 1]"},
		{"ride", "start", "0.5", "diversity.start or ldam-drw.start"},
		{"ride", "weight", "0", "must be above 0"},
		{"sade", "tau", "1", "differs among the experts"},
		{"kcl", "positives", "1.5", "whole number"},
		{"ce", "tau", "1", `no setting "tau"`},
		{"bcl", "tau", "1", "bcl.tau or logit-adjusted.tau"},
		{"hybrid-sc", "curriculum", "steep", `"steep"`},
		{"hybrid-sc", "curriculum", "1.5", `"1.5"`},
		{"bcl", "curriculum", "linear", "no curriculum"},
		{"tau-norm", "tau", "x", `"x"`},
	} {
		_, err := with(t, c.name, c.setting, c.value)
		require.ErrorContains(t, err, c.want, c.name+" "+c.setting+"="+c.value)
	}
}
