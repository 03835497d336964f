package schedule_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/schedule"
)

// TestVectorSchedules compares every epoch with what PyTorch's schedulers give.
func TestVectorSchedules(t *testing.T) {
	var cases []struct {
		Optimiser, Schedule  string
		Base, Gamma, Minimum float64
		Milestones           []int
		Total, Epochs        int
		Values               []float64
	}
	vectortest.Load(t, "optimisers", &cases)
	found := 0
	for _, c := range cases {
		if c.Optimiser != "" {
			continue
		}
		found++
		t.Run(c.Schedule, func(t *testing.T) {
			var s schedule.Scheduler
			epochs := len(c.Values)
			switch c.Schedule {
			case "multi_step":
				s = schedule.MultiStep{Base: c.Base, Milestones: c.Milestones, Gamma: c.Gamma}
			case "cosine":
				s, epochs = schedule.Cosine{Base: c.Base, Min: c.Minimum}, c.Total
			case "alpha_parabolic":
				s, epochs = schedule.Curriculum{}, c.Epochs
			default:
				t.Fatalf("no schedule is named %q", c.Schedule)
			}
			require.NoError(t, schedule.Validate(s))
			require.NotEmpty(t, c.Values)
			for e, want := range c.Values {
				require.InDelta(t, want, s.At(schedule.Progress{Epoch: e, Epochs: epochs}), 1e-10, "epoch %d", e)
			}
		})
	}
	require.NotZero(t, found, "the file has no schedules")
}
