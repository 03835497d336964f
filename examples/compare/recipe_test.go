package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each method by its own recipe, whole epochs of batches of its own size.
func TestRecipesOfThePapers(t *testing.T) {
	s, err := parse(strings.Fields("-quick -size 8 -width 2 -embedding 8 -epochs 1 -floor 0 -recipe paper -equal epochs -methods ce,bbn -imbalance 10 " +
		"-show training.images_seen,training.batch,training.learning_rate"))
	require.NoError(t, err)
	require.Zero(t, s.Batch+s.Warmup)
	require.Zero(t, s.LR+s.Decay+s.Clip)
	require.Empty(t, s.Cuts)
	table, f := compare(t, s)
	images := 0
	for _, n := range f.Runs[0].Manifest.Data.TrainCounts {
		images += n
	}
	require.Contains(t, table, "training.batch")
	for i, want := range []struct {
		batch, images int
		optimizer     string
	}{{512, 1, "optim.SGD{Momentum: 0.9, WeightDecay: 0.0001}"}, {128, 2, "optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.0002}"}} {
		m := f.Runs[i].Manifest.Training
		require.Equal(t, want.batch, m.Batch)
		require.Equal(t, want.optimizer, m.Optimizer)
		require.Empty(t, m.ClipNorm)
		require.Equal(t, "recipe: the method's own", m.Other[0])
		require.EqualValues(t, images/want.batch*want.batch*want.images, m.ImagesSeen)
		require.Equal(t, m.ImagesSeen, f.Table[i].Images)
	}
	s.Clip = 2
	require.Equal(t, "recipe: the method's own, clipped to 2", s.recipe())
	again, err := plan(s, f.Runs, writer(func(string) {}))
	require.NoError(t, err)
	require.Len(t, again, 2, "clipped, they are others")
	require.Equal(t, "2", again[0].Manifest.Training.ClipNorm)
}

// What would fail in training is found before it.
func TestBatchesAndGroupsThatDoNotFitAreFoundFirst(t *testing.T) {
	s := tiny(t, "-methods", "ce", "-batch", "96000")
	_, err := plan(s, nil, writer(func(string) {}))
	require.ErrorContains(t, err, "ce draws batches of 96000 of only ")
	require.ErrorContains(t, err, " images: choose a smaller batch, or leave it out")
	d, err := open(tiny(t), 1)
	require.NoError(t, err)
	d.counts = d.counts[:5]
	_, err = newJob(tiny(t), d, "ce")
	require.EqualError(t, err, "-groups rank: metrics: ByRank with First 3 and Last 3: there are only 5 classes")
}
