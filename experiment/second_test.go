package experiment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/method"
)

// A second stage by another τ is another run, and one by the paper's needs no word. A τ that is given needs no held-out images.
func TestTauOfTheSecondStage(t *testing.T) {
	s := tiny(func(s *Settings) { s.Epochs, s.Holdout = 1, 0 })
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	defer d.Close()
	run := func(m method.Method, dir, tau string) *Run {
		m, err := m.With("tau", tau)
		require.NoError(t, err)
		r, err := d.NewRun(m)
		require.NoError(t, err)
		r.Dir, r.Resume = dir, true
		return r
	}
	for _, m := range presets("tau-norm", "post-hoc-adjusted") {
		dir := t.TempDir()
		do(t, run(m, dir, "0.5"))
		done, err := run(m, dir, "0.5").look()
		require.NoError(t, err)
		require.NotNil(t, done)
		for _, other := range []string{"0", "1", "2"} {
			_, err = run(m, dir, other).look()
			require.ErrorContains(t, err, "has another run", other)
			require.ErrorContains(t, err, "second stage: tau 0.5", other)
		}
	}
	adjusted, err := d.NewRun(presets("post-hoc-adjusted")[0])
	require.NoError(t, err)
	require.Empty(t, adjusted.Manifest.Training.Other)
	require.Equal(t, adjusted.Manifest, run(presets("post-hoc-adjusted")[0], "", "1").Manifest)
}
