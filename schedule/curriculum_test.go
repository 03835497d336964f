package schedule_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/schedule"
)

var curves = map[string]struct {
	curve            schedule.Curve
	start, half, end float64
}{
	"parabolic decay":     {schedule.ParabolicDecay, 1, 0.75, 0},
	"linear decay":        {schedule.LinearDecay, 1, 0.5, 0},
	"cosine decay":        {schedule.CosineDecay, 1, math.Sqrt2 / 2, 0},
	"parabolic increment": {schedule.ParabolicIncrement, 0, 0.25, 1},
	"step at 0.5":         {schedule.StepDecay(0.5), 1, 0, 0},
	"step at 0.6":         {schedule.StepDecay(0.6), 1, 1, 0},
}

func TestCurves(t *testing.T) {
	for name, c := range curves {
		require.InDelta(t, c.start, c.curve(0), 1e-15, name)
		require.InDelta(t, c.half, c.curve(0.5), 1e-15, name)
		require.InDelta(t, c.end, c.curve(1), 1e-15, name)
		require.NoError(t, schedule.Validate(schedule.Curriculum{Curve: c.curve}), name)
	}
}

func TestCurriculumStaysWithinUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgress(t)
		for name, c := range curves {
			s := schedule.Curriculum{Curve: c.curve, ByStep: rapid.Bool().Draw(t, "by step")}
			s.OneBased = !s.ByStep && rapid.Bool().Draw(t, "one-based")
			require.NoError(t, schedule.Validate(s), name)
			a := s.At(p)
			require.True(t, a >= 0 && a <= 1, "%s: %v", name, a)
			require.Equal(t, 1-a, schedule.Complement(s).At(p), name)
		}
	})
}

func TestCurriculumCounting(t *testing.T) {
	first, last := schedule.Progress{Epochs: 20, Steps: 4}, schedule.Progress{Epoch: 19, Epochs: 20, Step: 2, Steps: 4}

	var s schedule.Curriculum
	require.Equal(t, 1.0, s.At(first))
	require.InDelta(t, 0.0975, s.At(last), 1e-15)
	require.Equal(t, 0.0, s.At(epoch(25, 20)), "past the end α stays at the end")

	s = schedule.Curriculum{OneBased: true}
	require.InDelta(t, 1-0.0025, s.At(first), 1e-15)
	require.Equal(t, 0.0, s.At(last))

	s = schedule.Curriculum{ByStep: true}
	require.Equal(t, 1.0, s.At(first))
	require.InDelta(t, 1-math.Pow(19.5/20, 2), s.At(last), 1e-15)
}
