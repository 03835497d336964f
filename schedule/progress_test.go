package schedule_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/schedule"
)

func TestProgress(t *testing.T) {
	for _, c := range []struct {
		at              schedule.Progress
		byEpoch, byStep float64
	}{
		{schedule.Progress{}, 0, 0},
		{schedule.Progress{Epoch: 3, Step: 1, Steps: 2}, 0, 0},
		{schedule.Progress{Epochs: 4, Steps: 2}, 0, 0},
		{schedule.Progress{Epoch: 1, Epochs: 4}, 0.25, 0.25},
		{schedule.Progress{Epoch: 1, Epochs: 4, Step: 3}, 0.25, 0.25},
		{schedule.Progress{Epoch: 1, Epochs: 4, Step: 1, Steps: 2}, 0.25, 0.375},
		{schedule.Progress{Epoch: 9, Epochs: 4, Step: 1, Steps: 2}, 1, 1},
		{schedule.Progress{Epoch: -1, Epochs: 4}, 0, 0},
	} {
		require.Equal(t, c.byEpoch, c.at.ByEpoch(), "%+v by epoch", c.at)
		require.Equal(t, c.byStep, c.at.ByStep(), "%+v by step", c.at)
	}
}

// drawProgress draws a moment within a run.
func drawProgress(t *rapid.T) schedule.Progress {
	p := schedule.Progress{Epochs: rapid.IntRange(1, 300).Draw(t, "epochs"), Steps: rapid.IntRange(1, 50).Draw(t, "steps")}
	p.Epoch = rapid.IntRange(0, p.Epochs-1).Draw(t, "epoch")
	p.Step = rapid.IntRange(0, p.Steps-1).Draw(t, "step")
	return p
}

// next returns the moment one step later.
func next(p schedule.Progress) schedule.Progress {
	if p.Step++; p.Step == p.Steps {
		p.Epoch, p.Step = p.Epoch+1, 0
	}
	return p
}

func TestProgressGrowsBelowOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgress(t)
		require.LessOrEqual(t, p.ByEpoch(), p.ByStep())
		require.Less(t, p.ByStep(), 1.0)
		require.Less(t, p.ByStep(), next(p).ByStep())
	})
}
