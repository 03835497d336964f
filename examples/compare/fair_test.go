package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// planned are the runs of flags, untrained.
func planned(t *testing.T, flags ...string) []result {
	t.Helper()
	runs, err := plan(tiny(t, flags...), nil, io.Discard)
	require.NoError(t, err)
	return runs
}

// Runs of one table have data, backbone, recipe and budget in common, whatever their seeds.
func TestUnfairTablesAreRefused(t *testing.T) {
	recipe := `["recipe: batch 96, rate 0.1, cut after 80,90%, warm-up 5%, weight decay 0.0005, clipped to 1"]`
	first := planned(t, "-methods", "ce")
	for _, c := range []struct{ flags, field, values string }{
		{"-width 4", "network.width", "2, 4"},
		{"-depth 14", "network.backbone", `"CIFAR ResNet-8", "CIFAR ResNet-14"`},
		{"-size 16", "network.input", "[8,8,3], [16,16,3]"},
		{"-epochs 12", "training.images_seen", ""},
		{"-groups counts", "training.groups", `"metrics.ByRank{First: 3, Last: 3}", "metrics.Groups"`},
		{"-lr 0.2", "training.other", recipe + `, ["recipe: batch 96, rate 0.2, cut after 80,90%, warm-up 5%, weight decay 0.0005, clipped to 1"]`},
		{"-cuts none", "training.other", recipe + `, ["recipe: batch 96, rate 0.1, never cut, warm-up 5%, weight decay 0.0005, clipped to 1"]`},
		{"-warmup 0", "training.other", ""},
		{"-decay 0", "training.other", ""},
		{"-clip 0", "training.other", recipe + `, ["recipe: batch 96, rate 0.1, cut after 80,90%, warm-up 5%, weight decay 0.0005"]`},
		{"-imbalance 20", "data.profile", ""},
		{"-holdout 0.2", "data.train_counts", ""},
	} {
		for _, seed := range []string{"1", "2"} {
			runs := slices.Concat(first, planned(t, append(strings.Fields(c.flags), "-methods", "crt", "-seeds", seed)...))
			field := c.field
			if field == "data.train_counts" && seed == "1" {
				field = "data.train_sha256" // of one seed, the images are the same too
			}
			err := comparable(runs, nil, false)
			require.ErrorContains(t, err, "ce (seed 1) and crt (seed "+seed+") differ in "+field+": "+c.values, c.flags)
			require.ErrorContains(t, err, ": make them alike, or show the difference as a column: -show "+field, c.flags)
			require.NoError(t, comparable(runs, []string{"data", "training.images_seen", field}, false), c.flags)
		}
	}
	// Equal images at other epochs and batches, other seeds, and one more last block, are fair.
	require.NoError(t, comparable(planned(t, "-methods", "ce,hybrid-sc,bbn", "-seeds", "1,2"), nil, true))
}

// Every run is compared with every other: one that says nothing of its recipe is no bridge between two that differ.
func TestRunsWithoutARecipeAgreeWithAny(t *testing.T) {
	a, b, c := planned(t, "-methods", "ce"), planned(t, "-methods", "crt"), planned(t, "-methods", "lws", "-lr", "0.2")
	a[0].Manifest.Training.Other = nil
	require.NoError(t, comparable(slices.Concat(a, b), nil, true))
	require.NoError(t, comparable(slices.Concat(a, c), nil, true))
	require.ErrorContains(t, comparable(slices.Concat(a, b, c), nil, true), "crt (seed 1) and lws (seed 1) differ in training.other: ")
}

func TestMethodsHaveTheSameSeeds(t *testing.T) {
	runs := slices.Concat(planned(t, "-methods", "ce"), planned(t, "-methods", "crt", "-seeds", "2"))
	require.NoError(t, comparable(runs, nil, false), "not all are done")
	require.NoError(t, comparable(runs, []string{"training.seed"}, true))
	require.EqualError(t, comparable(runs, nil, true),
		"ce has the seeds [1], crt [2]: run the same, or show them as a column: -show training.seed")
}

// Budgets are refused before anything is trained; what is shown may differ.
func TestDifferencesAreShown(t *testing.T) {
	s := tiny(t, "-methods", "ce,hybrid-sc", "-equal", "epochs")
	var out, log bytes.Buffer
	require.ErrorContains(t, run(context.Background(), s, &out, &log), "ce (seed 1) and hybrid-sc (seed 1) differ in training.images_seen: ")
	require.Empty(t, out.String()+log.String())
	s.Show = []string{"training.images_seen", "network.projection"}
	table, f := compare(t, s)
	require.Equal(t, 3*f.Table[0].Images, f.Table[1].Images)
	require.Equal(t, 1, strings.Count(table, "images"), "the column is there already")
	require.Contains(t, table, "network.projection")
	require.Equal(t, []string{""}, f.Table[0].Shown)
	require.Contains(t, f.Table[1].Shown[0], "nn.Linear")
}
