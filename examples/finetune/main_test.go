package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// write makes class folders of the first classes of a set.
func write(t *testing.T, dir string, d dataset.Dataset, classes int) {
	t.Helper()
	var img dataset.Image
	for i := range d.Len() {
		class := d.Label(i)
		if class >= classes {
			continue
		}
		require.NoError(t, d.Image(i, &img))
		m := image.NewRGBA(image.Rect(0, 0, img.Width, img.Height))
		for p := 0; p < len(img.Pix); p += 3 {
			m.Set(p/3%img.Width, p/3/img.Width, color.RGBA{img.Pix[p], img.Pix[p+1], img.Pix[p+2], 255})
		}
		var file bytes.Buffer
		require.NoError(t, png.Encode(&file, m))
		path := filepath.Join(dir, fmt.Sprint("new-", class), fmt.Sprint(i, ".png"))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, file.Bytes(), 0o666))
	}
}

func TestFineTuning(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	first, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 8, PerClass: 20, TestPerClass: 1, Seed: 1})
	require.NoError(t, err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3))
	require.NoError(t, err)
	_, err = train.Trainer{Streams: hybrid.CE(), Epochs: 2, Batch: 16, LearningRate: schedule.Constant(0.05)}.Fit(context.Background(), net, first, nil)
	require.NoError(t, err)
	about := hybrid.AboutOf(first)
	about.Fit = dataset.Squash
	require.NoError(t, hybrid.Save(at("old"), net, about))

	second, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 12, PerClass: 20, TestPerClass: 10, Seed: 2})
	require.NoError(t, err)
	write(t, at("train"), second, 3)
	write(t, at("test"), test, 3)
	var out bytes.Buffer
	require.NoError(t, run(&out, at("old"), dir, at("frozen"), 3, 0, 16, 0.75))
	require.NoError(t, run(&out, at("old"), dir, at("new"), 5, 20, 16, 0.75))
	require.Contains(t, out.String(), "classifier ")
	require.Contains(t, out.String(), "whole network ")

	was, _, err := hybrid.Open(at("old"))
	require.NoError(t, err)
	frozen, _, err := hybrid.Open(at("frozen"))
	require.NoError(t, err)
	tuned, about, err := hybrid.Open(at("new"))
	require.NoError(t, err)
	require.Equal(t, []string{"new-0", "new-1", "new-2"}, about.Classes)
	require.Equal(t, dataset.Squash, about.Fit)
	require.Equal(t, values(was.Backbone), values(frozen.Backbone), "statistics of batch norm included")
	require.NotEqual(t, values(was.Backbone), values(tuned.Backbone))
	confusion, err := tuned.Evaluate(context.Background(), squashed(t, at("train")), 0)
	require.NoError(t, err)
	require.Greater(t, float64(confusion.Top1()), 0.5, "a third by chance")
	require.ErrorContains(t, run(&out, at("none"), dir, at("x"), 1, 1, 1, 0.75), at("none"))
	require.ErrorContains(t, run(&out, at("old"), at("none"), at("x"), 1, 1, 1, 0.75), at("none"))
}

// A model that is tested on resized photographs is trained further on boxes of them.
func TestFineTuningOnPhotographs(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1})
	require.NoError(t, err)
	resize := augment.Resize{Shorter: 9}
	net, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3), hybrid.WithResize(resize))
	require.NoError(t, err)
	require.NoError(t, hybrid.Save(at("old"), net, hybrid.About{Fit: dataset.Whole}))
	second, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 12, PerClass: 20, TestPerClass: 10, Seed: 2})
	require.NoError(t, err)
	write(t, at("train"), second, 3)
	write(t, at("test"), test, 3)
	var out bytes.Buffer
	require.NoError(t, run(&out, at("old"), dir, at("new"), 1, 1, 16, 0.75))
	tuned, about, err := hybrid.Open(at("new"))
	require.NoError(t, err)
	require.Equal(t, resize, tuned.Resize())
	require.Equal(t, dataset.Whole, about.Fit)
}

func values(m nn.Visitable) (all [][]float32) {
	for _, x := range nn.Tensors(m) {
		all = append(all, x.Data())
	}
	return all
}

// squashed is a set as the program reads it.
func squashed(t *testing.T, dir string) dataset.Dataset {
	d, err := dataset.OpenFolder(dir, dataset.FolderSettings{Width: 8, Fit: dataset.Squash})
	require.NoError(t, err)
	return d
}
