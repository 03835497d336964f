package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/npy"
	"github.com/stretchr/testify/require"
)

// embeddings writes features of width 8 of three classes, a cloud each, as train.npy, test.npy and their labels.
func embeddings(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for part, counts := range map[string][]int{"train": {40, 15, 6}, "test": {10, 10, 10}} {
		rng := rand.New(rand.NewPCG(uint64(len(part)), 0))
		var values []float32
		var labels []int
		for class, n := range counts {
			for range n {
				for k := range 8 {
					v := 10 + rng.Float32()
					if k == class {
						v += 2
					}
					values = append(values, v)
				}
				labels = append(labels, class)
			}
		}
		require.NoError(t, npy.Save(filepath.Join(dir, part+".npy"), values, len(labels), 8))
		require.NoError(t, npy.SaveInts(filepath.Join(dir, part+"_labels.npy"), labels, len(labels)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "classes.txt"), []byte("owl\nant\nbee\n"), 0o666))
	return dir
}

// Features train, go on, and are evaluated as images are, by a method of one view, of two streams, and of a second stage.
func TestTrainOnFeatures(t *testing.T) {
	dir := embeddings(t)
	out, _ := succeed(t, "data "+dir)
	require.Contains(t, out, "features of width 8")
	require.Contains(t, out, "61 samples in 3 classes")
	for _, words := range []string{"--backbone linear", "--method hybrid-psc --width 16", "--method crt --batch 8"} {
		run := filepath.Join(t.TempDir(), "run")
		_, log := succeed(t, "train --data "+dir+" --epochs 12 "+words+" --out", run)
		require.Contains(t, log, "derived: features of width 8 in place of images")
		r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
		require.Equal(t, []int{8}, r.Manifest.Network.Input)
		require.Equal(t, []int{40, 15, 6}, r.Manifest.Data.TrainCounts)
		require.Greater(t, *r.Top1, 80.0, words)
		fail(t, usage, "no such part", "evaluate "+run+" "+dir+" --split extra")
		fail(t, usage, "is one set", "evaluate "+run+" "+filepath.Join(dir, "test.npy")+" --split test")
		for _, data := range []string{"", dir, filepath.Join(dir, "test.npy")} {
			out, _ := succeed(t, "evaluate --json "+run+" "+data)
			e := parseJSON[experiment.Evaluation](t, out)
			require.Equal(t, 30, e.Images)
			require.InDelta(t, *r.Top1, 100*float64(e.Top1), 1e-3)
		}
		_, log = succeed(t, "train --resume --out", run)
		require.NotContains(t, log, "epoch 1/")
	}
	run := filepath.Join(t.TempDir(), "run")
	_, log := succeed(t, "train --data "+filepath.Join(dir, "train.npy")+" --epochs 2 --holdout 0.2 --out", run)
	require.Contains(t, log, "a fifth of each class")
	for _, c := range []struct{ want, words string }{
		{"take mlp or linear", "--backbone resnet"}, {"neither depth nor width", "--backbone linear --depth 2"}, {"have no meaning", "--size 32"},
		{"bbn", "--method bbn"},
	} {
		fail(t, failed, c.want, "train --data "+dir+" --epochs 2 "+c.words+" --out "+filepath.Join(t.TempDir(), "run"))
	}
	fail(t, failed, "take cifar or resnet", "train --quick --backbone mlp --out "+filepath.Join(t.TempDir(), "run"))
}
