package schedule_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/schedule"
)

func epoch(e, epochs int) schedule.Progress { return schedule.Progress{Epoch: e, Epochs: epochs} }

func TestMultiStep(t *testing.T) {
	s := schedule.MultiStep{Base: 0.5, Milestones: []int{120, 160}}
	for _, c := range []struct {
		epoch int
		want  float64
	}{{0, 0.5}, {119, 0.5}, {120, 0.05}, {159, 0.05}, {160, 0.005}, {199, 0.005}} {
		require.InDelta(t, c.want, s.At(epoch(c.epoch, 200)), 1e-15, "epoch %d", c.epoch)
	}
	require.Equal(t, 2.0, schedule.MultiStep{Base: 2}.At(epoch(50, 200)))
	require.Equal(t, 0.5, schedule.MultiStep{Base: 2, Milestones: []int{0, 1}, Gamma: 0.5}.At(epoch(1, 2)))
}

func TestCosine(t *testing.T) {
	s := schedule.Cosine{Base: 1, Min: 0.2}
	require.Equal(t, 1.0, s.At(epoch(0, 10)))
	require.InDelta(t, 0.6, s.At(epoch(5, 10)), 1e-15)
	require.InDelta(t, 0.2, s.At(epoch(10, 10)), 1e-15)
	require.InDelta(t, 0.2, s.At(epoch(15, 10)), 1e-15, "past the end it stays at Min")

	p := schedule.Progress{Epoch: 0, Epochs: 1, Step: 1, Steps: 2}
	require.Equal(t, 1.0, s.At(p))
	s.ByStep = true
	require.InDelta(t, 0.6, s.At(p), 1e-15)
}

func TestWarmup(t *testing.T) {
	s := schedule.Warmup{Epochs: 2, Then: schedule.MultiStep{Base: 8, Milestones: []int{3}}}
	var got []float64
	for p := (schedule.Progress{Epochs: 4, Steps: 2}); p.Epoch < 4; p = next(p) {
		got = append(got, s.At(p))
	}
	require.InDeltaSlice(t, []float64{2, 4, 6, 8, 8, 8, 0.8, 0.8}, got, 1e-12)

	require.Equal(t, 4.0, s.At(epoch(0, 4)), "without steps it advances by epoch")
	require.Equal(t, 8.0, s.At(epoch(1, 4)))
	require.Equal(t, 3.0, schedule.Warmup{Then: schedule.Constant(3)}.At(epoch(0, 4)), "no warm-up")
}

func TestWarmupRises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgress(t)
		s := schedule.Warmup{Epochs: rapid.IntRange(0, 20).Draw(t, "warm-up"), Then: schedule.Constant(1)}
		v, after := s.At(p), s.At(next(p))
		require.Greater(t, v, 0.0)
		require.LessOrEqual(t, v, after)
		require.LessOrEqual(t, after, 1.0)
		require.Equal(t, p.Epoch >= s.Epochs || p.Epoch == s.Epochs-1 && p.Step == p.Steps-1, v == 1)
	})
}

func TestSwitch(t *testing.T) {
	s := schedule.Switch{Epoch: 160, Before: schedule.Constant(1), Then: schedule.Constant(0)}
	require.Equal(t, 1.0, s.At(epoch(159, 200)))
	require.Equal(t, 0.0, s.At(epoch(160, 200)))
}

func TestFunc(t *testing.T) {
	s := schedule.Func(func(p schedule.Progress) float64 { return float64(p.Epoch * p.Epoch) })
	require.NoError(t, schedule.Validate(s))
	require.Equal(t, 9.0, s.At(epoch(3, 5)))
}

// own is a scheduler from outside the package that has nothing to validate.
type own struct{}

func (own) At(schedule.Progress) float64 { return 7 }

func TestValidate(t *testing.T) {
	nan := math.NaN()
	for _, s := range []schedule.Scheduler{
		own{}, schedule.Constant(-1), schedule.MultiStep{}, &schedule.MultiStep{Milestones: []int{0, 1, 5}, Gamma: 2},
		schedule.Cosine{Base: 1, Min: 1}, schedule.Warmup{Then: own{}}, schedule.Complement(schedule.Curriculum{}),
	} {
		require.NoError(t, schedule.Validate(s), "%#v", s)
	}
	for _, c := range []struct {
		s    schedule.Scheduler
		want string
	}{
		{nil, "the scheduler is nil: set one, Constant(1) for a value that does not change"},
		{schedule.Func(nil), "Func is nil: give it a function"},
		{schedule.Constant(nan), "Constant is NaN: it must be a finite number"},
		{schedule.MultiStep{Base: math.Inf(1)}, "MultiStep.Base is +Inf: it must be a finite number"},
		{schedule.MultiStep{Gamma: nan}, "MultiStep.Gamma is NaN: it must be a finite number"},
		{schedule.MultiStep{Gamma: -0.1}, "MultiStep.Gamma is -0.1: choose a positive factor, or 0 for 0.1"},
		{schedule.MultiStep{Milestones: []int{-3}}, "MultiStep.Milestones[0] is -3: epochs count from 0"},
		{schedule.MultiStep{Milestones: []int{160, 120}},
			"MultiStep.Milestones[1] is 120, after 160: list each epoch once, in ascending order"},
		{schedule.MultiStep{Milestones: []int{5, 5}},
			"MultiStep.Milestones[1] is 5, after 5: list each epoch once, in ascending order"},
		{schedule.Cosine{Base: nan}, "Cosine.Base is NaN: it must be a finite number"},
		{schedule.Cosine{Min: math.Inf(-1)}, "Cosine.Min is -Inf: it must be a finite number"},
		{schedule.Cosine{Min: 1}, "Cosine.Min is 1, above Base 0: exchange them or lower Min"},
		{schedule.Warmup{Epochs: -1}, "Warmup.Epochs is -1: choose 0 for no warm-up, or more"},
		{schedule.Warmup{Epochs: 5}, "Warmup.Then is nil: set one, Constant(1) for a value that does not change"},
		{schedule.Warmup{Then: schedule.Cosine{Min: 1}}, "Cosine.Min is 1, above Base 0: exchange them or lower Min"},
		{schedule.Switch{Epoch: -1}, "Switch.Epoch is -1: epochs count from 0"},
		{schedule.Switch{Then: own{}}, "Switch.Before is nil: set one, Constant(1) for a value that does not change"},
		{schedule.Switch{Before: own{}}, "Switch.Then is nil: set one, Constant(1) for a value that does not change"},
		{schedule.Complement(nil),
			"the scheduler given to Complement is nil: set one, Constant(1) for a value that does not change"},
		{schedule.Curriculum{ByStep: true, OneBased: true},
			"Curriculum has both ByStep and OneBased: OneBased counts whole epochs, clear one"},
		{schedule.Curriculum{Curve: func(t float64) float64 { return 1 - 2*t }},
			"Curriculum.Curve(0.51) is -0.020000000000000018: α must stay within [0, 1]"},
		{schedule.Curriculum{Curve: func(float64) float64 { return nan }},
			"Curriculum.Curve(0) is NaN: α must stay within [0, 1]"},
	} {
		require.EqualError(t, schedule.Validate(c.s), "schedule: "+c.want)
	}
}
