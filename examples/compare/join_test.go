package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// trained writes a file of runs.
func trained(t *testing.T, flags ...string) (path string) {
	t.Helper()
	s := tiny(t, flags...)
	s.JSON = filepath.Join(t.TempDir(), "runs.json")
	var log bytes.Buffer
	require.NoError(t, run(context.Background(), s, &log, &log), log.String())
	return s.JSON
}

// A table of runs from several files, without a run of its own.
func TestFilesAreJoined(t *testing.T) {
	flags := []string{"-select", "first", "-cuts", "50", "-epochs", "2", "-methods"}
	one, two := trained(t, append(flags, "ce")...), trained(t, append(flags, "crt")...)
	s, err := parse([]string{"-methods", "none", "-with", one + "," + two})
	require.NoError(t, err)
	table, f := compare(t, s)
	require.Len(t, f.Runs, 2)
	require.Nil(t, f.Settings, "the runs had settings of their own")
	require.Contains(t, table, "cRT")
	require.Contains(t, f.Runs[0].Manifest.Data.Profile, "first")
	require.Contains(t, f.Runs[0].Manifest.Training.LearningRate, "Milestones: [1]}", "half of two epochs")

	// Files that differ in what has nothing to do with their seeds.
	third := trained(t, append(flags, "ce", "-width", "4", "-seeds", "2")...)
	var out, log bytes.Buffer
	for _, show := range []string{"", "training.seed"} {
		s, err = parse([]string{"-methods", "none", "-with", one + "," + third, "-show", show})
		require.NoError(t, err)
		require.EqualError(t, run(context.Background(), s, &out, &log), "ce (seed 1) and ce (seed 2) differ in network.width: 2, 4: "+
			"make them alike, or show the difference as a column: -show network.width")
	}
	require.Empty(t, out.String())
	s.Show = []string{"network.width"}
	table, f = compare(t, s)
	require.Contains(t, table, "network.width")
	require.Equal(t, []string{"2 4"}, f.Table[0].Shown)

	s.With = []string{one, one}
	require.EqualError(t, run(context.Background(), s, &out, &log), "ce is there twice with seed 1: leave one out")
}
