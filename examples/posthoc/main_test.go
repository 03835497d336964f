package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// saved trains a small network on the generated long tail, by plain cross-entropy.
func saved(t *testing.T, path string) {
	t.Helper()
	s := experiment.Quick()
	s.Holdout, s.Choose, s.Imbalance, s.Size = 0, "last", 20, 8
	d, err := s.Open(context.Background(), 1)
	require.NoError(t, err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 10, hybrid.WithInput(8, 8, 3), hybrid.WithoutProjection())
	require.NoError(t, err)
	_, err = train.Trainer{Streams: hybrid.CE(), Epochs: 3, Batch: 16, LearningRate: schedule.Constant(0.05)}.Fit(context.Background(), net, d.Train, nil)
	require.NoError(t, err)
	about := hybrid.AboutOf(d.Train)
	about.Method = "ce"
	require.NoError(t, hybrid.Save(path, net, about))
}

func TestClassifiersOfAModel(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	saved(t, at("model"))
	var out bytes.Buffer
	s := settings{Imbalance: 20, Select: "shuffle", Seed: 1, Models: []string{at("model")}, JSON: at("json")}
	require.NoError(t, run(context.Background(), &out, s))
	text, err := os.ReadFile(at("json"))
	require.NoError(t, err)
	var all []result
	require.NoError(t, json.Unmarshal(text, &all))
	require.Len(t, all, 1)
	require.Equal(t, "ce", all[0].Method)
	byName := map[string]classifier{}
	for _, c := range all[0].Classifiers {
		byName[c.Name] = c
		require.Contains(t, out.String(), c.Name)
		require.Len(t, c.PerClass, 10)
		require.Greater(t, float64(c.Top1), 0.1, "by chance")
	}
	require.Len(t, byName, 7)
	plain, adjusted := byName["plain: every image once an epoch"], byName["plain, logits adjusted, τ 1"]
	require.Greater(t, adjusted.PerClass[9], plain.PerClass[9], "the rarest class")
	require.Less(t, adjusted.PerClass[0], plain.PerClass[0], "the most frequent")
	require.Less(t, *adjusted.NLL, *plain.NLL)
	require.Nil(t, byName["nearest class mean"].NLL)

	s.Imbalance = 5
	require.ErrorContains(t, run(context.Background(), &out, s), "set -imbalance, -select and -seed as for its training")
	s.Models = []string{at("none")}
	require.ErrorContains(t, run(context.Background(), &out, s), at("none"))
}

// Two classes at right angles, each with two test images of one direction.
func TestMeasures(t *testing.T) {
	x, err := tensor.FromSlice([]float32{2, 0, 4, 0, 0, 1, 0, 3}, 4, 2)
	require.NoError(t, err)
	s := posthoc.Set{Features: x, Labels: []int{0, 0, 1, 1}, Classes: 2}
	m, err := measure(s, s)
	require.NoError(t, err)
	require.InDelta(t, 0, m.Alignment, 1e-6)
	require.InDelta(t, -1.0626, m.Uniformity, 1e-4) // log((2 + 4·exp(−4)) / 6)
	require.InDelta(t, 0, m.FromSimplex, 1e-6)
}

func TestPlainBatchesHaveAsManySteps(t *testing.T) {
	labels := append(make([]int, 90), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	require.Equal(t, 18, epochs(posthoc.Set{Labels: labels, Classes: 2}), "100 images, against 180 of an epoch of cRT")
}
