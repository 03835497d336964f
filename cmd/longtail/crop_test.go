package main

import (
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// A network for photographs is trained on boxes of whole ones, and its model file says how it is tested.
func TestPhotographsAreCropped(t *testing.T) {
	data, out := photos(t), filepath.Join(t.TempDir(), "run")
	_, log := succeed(t, "train --backbone resnet --width 4 --size 16 --epochs 1 --batch 12 --cache 0.1 --data "+data+" --out", out)
	require.Contains(t, log, "derived: crop resized")
	require.Contains(t, log, "derived: images in memory")
	net, _, err := hybrid.Open(out)
	require.NoError(t, err)
	require.Equal(t, augment.Resize{Shorter: 19}, net.Resize())

	report := parseJSON[experiment.Report](t, read(t, out, "report.json"))
	tested, _ := succeed(t, "evaluate --json", out)
	require.InDelta(t, *report.Top1, 100*float64(parseJSON[experiment.Evaluation](t, tested).Top1), 0.05)
	folders, err := filepath.Glob(filepath.Join(data, "test", "*"))
	require.NoError(t, err)
	for _, tta := range []string{"none", "flip", "ten-crop"} {
		succeed(t, "evaluate --tta "+tta, out, filepath.Join(data, "test"))
		said, _ := succeed(t, "predict --top 1 --tta "+tta, out, folders[0])
		require.Contains(t, said, "%")
	}
	fail(t, usage, "--tta", "predict --tta twelve", out, folders[0])

	padded := filepath.Join(t.TempDir(), "padded")
	succeed(t, "train --backbone resnet --crop padded --width 4 --size 16 --epochs 1 --batch 12 --data "+data+" --out", padded)
	net, _, err = hybrid.Open(padded)
	require.NoError(t, err)
	require.Zero(t, net.Resize())
	fail(t, failed, "ten crops", "evaluate --tta ten-crop", padded)
	fail(t, usage, "--cache=-1", "train --cache=-1 --data "+data+" --out", filepath.Join(t.TempDir(), "x"))
}
