package schedule_test

import (
	"testing"

	"github.com/longtail-ml/longtail/schedule"
	"github.com/stretchr/testify/require"
)

func TestMilestonesOfAnyRunAreValid(t *testing.T) {
	require.Equal(t, []int{120, 160}, schedule.Milestones(200, 0.6, 0.8))
	require.Equal(t, []int{12, 16}, schedule.Milestones(20, 0.6, 0.8))
	require.Equal(t, []int{3, 4}, schedule.Milestones(5, 0.6, 0.8))
	require.Equal(t, []int{1}, schedule.Milestones(2, 0.6, 0.8))
	require.Empty(t, schedule.Milestones(1, 0.6, 0.8))
	for epochs := range 300 {
		require.NoError(t, schedule.Validate(schedule.MultiStep{Base: 1, Milestones: schedule.Milestones(epochs, 0.6, 0.8)}))
	}
}
