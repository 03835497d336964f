package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/pretrained"
	"github.com/stretchr/testify/require"
)

// A recipe is settings that options change one by one.
func TestRecipesOfDataSets(t *testing.T) {
	dir, run := photos(t), filepath.Join(t.TempDir(), "run")
	_, log := succeed(t, "train --recipe imagenet-lt --data "+dir+" --depth 18 --width 2 --size 32 --epochs 1 --batch 16 --chunk 8 --limit 1 --out", run)
	require.Contains(t, log, "ResNet-18")
	r := parseJSON[experiment.Report](t, read(t, run, "report.json")).Manifest
	require.Equal(t, "batch 16, rate 0.1, along a cosine, warm-up 0%, weight decay 0.0005", r.Training.Recipe)
	require.Equal(t, 8, r.Training.Chunk)
	_, log = succeed(t, "train --resume --out", run)
	require.NotContains(t, log, "epoch 1/")

	for _, command := range []string{"compare --methods ce", "sweep --set lr=0.1"} {
		fail(t, usage, "--recipe=imagenet-lt is for train", command+" --recipe imagenet-lt --data "+dir)
	}
	fail(t, usage, "--recipe=imagenet-lt is for photographs", "train --quick --recipe imagenet-lt --out "+filepath.Join(t.TempDir(), "run"))
	fail(t, usage, "--cuts", "train --schedule cosine --cuts 50 --data "+dir)
	fail(t, usage, "--schedule", "train --recipe paper --schedule cosine --method hybrid-sc --data "+dir)
	out, _ := succeed(t, "methods")
	for _, p := range experiment.Presets() {
		require.Contains(t, out, p.Name+": ")
	}

	var inat trainCmd
	inat.Data, inat.Recipe = dir, "inaturalist2018"
	b, err := inat.plan()
	require.NoError(t, err)
	s := b.Settings
	require.Equal(t, []any{"resnet", 50, 224, "resized", 90, 256, 32, 0.1, "cosine", 1e-4, "common"},
		[]any{s.Backbone, s.Depth, s.Size, s.Crop, s.Epochs, s.Batch, s.Chunk, s.LR, s.Schedule, s.Decay, s.Recipe})
	cut := 60.
	inat.Batch, inat.Cuts, inat.Decay, inat.Depth = 20, "50", &cut, 18
	b, err = inat.plan()
	require.NoError(t, err)
	s = b.Settings
	require.Equal(t, []any{20, 0, "", []float64{50}, 60., 18}, []any{s.Batch, s.Chunk, s.Schedule, s.Cuts, s.Decay, s.Depth})
	inat.Cuts, inat.Schedule = "", "steps" // in place of a cosine, which has no cuts
	b, err = inat.plan()
	require.NoError(t, err)
	require.Equal(t, []float64{80, 90}, b.Settings.Cuts)
}

func TestAccumulatedBatches(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	succeed(t, "train --data "+photos(t)+" --depth 8 --width 2 --epochs 2 --batch 4 --accumulate 3 --out", run)
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	require.Equal(t, 3, r.Manifest.Training.Accumulate)
	require.Equal(t, int64(2*(59/12)*12), r.Manifest.Training.ImagesSeen)
}

// Fine-tuning begins with the weights of a run, or of another program, and the layers train at their own rates.
func TestFineTuning(t *testing.T) {
	dir, first, second := photos(t), filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	succeed(t, "train --data "+dir+small+"--out", first)
	fine := "train --data " + dir + " --depth 8 --width 2 --epochs 1 --batch 8 --lr 1e-9 --layer-decay 0.5 --init " + first + " --out"
	_, log := succeed(t, fine, second)
	require.Contains(t, log, "model.safetensors: loaded ")
	require.Contains(t, log, "pixels normalized as for the network of")
	was := parseJSON[experiment.Report](t, read(t, first, "report.json")).Manifest
	r := parseJSON[experiment.Report](t, read(t, second, "report.json")).Manifest
	require.Contains(t, r.Training.Other[0], "begins with the backbone of model.safetensors")
	require.Contains(t, r.Training.Recipe, "each layer at 0.5")
	require.Equal(t, was.Network.Normalize, r.Network.Normalize)
	each := " --data " + dir + " --depth 8 --width 2 --epochs 1 --batch 8 --init " + first
	_, compared := succeed(t, "compare --methods ce,focal --seeds 1-2"+each)
	_, swept := succeed(t, "sweep --method ce --set lr=0.01,0.02 --seeds 1-2 --holdout 0.2"+each)
	for _, log := range []string{log, compared, swept} {
		require.Equal(t, 1, strings.Count(log, "model.safetensors: loaded 35 tensors, in the file behind \"backbone.\"\n2 left in the file"), log)
		require.Equal(t, 1, strings.Count(log, "weights of "), log)
	}
	_, log = succeed(t, "train --resume --out", second)
	require.NotContains(t, log, "epoch 1/")
	fail(t, failed, "of another", "train --data "+dir+" --depth 14 --width 2 --epochs 1 --batch 8 --init "+first+" --out "+filepath.Join(t.TempDir(), "run"))
	fail(t, failed, "none", "train --data "+dir+" --epochs 1 --batch 8 --init none --out "+filepath.Join(t.TempDir(), "run"))
	damaged := filepath.Join(t.TempDir(), "model.safetensors")
	raw := []byte(read(t, first, "model.safetensors"))
	raw[len(raw)-9] ^= 1
	require.NoError(t, os.WriteFile(damaged, raw, 0o666))
	fail(t, failed, "checksum", "train --data "+dir+" --depth 8 --width 2 --epochs 1 --batch 8 --init "+damaged+" --out "+filepath.Join(t.TempDir(), "run"))
	fail(t, usage, "layer-decay is 2", "train --data "+dir+" --layer-decay 2 --out "+filepath.Join(t.TempDir(), "run"))

	net, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 18, Width: 2, Seed: 1})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "resnet18.safetensors")
	require.NoError(t, pretrained.Save(file, net))
	_, log = succeed(t, "train --data "+dir+" --backbone resnet --depth 18 --width 2 --size 32 --epochs 1 --batch 8 --limit 1 --init "+file+" --out", filepath.Join(t.TempDir(), "run"))
	require.Contains(t, log, "ImageNet's means")
}
