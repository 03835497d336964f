package experiment

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// photographs are class folders of images of many sizes.
func photographs(t *testing.T, parts map[string][]int) string {
	dir := t.TempDir()
	for part, counts := range parts {
		for c, n := range counts {
			folder := filepath.Join(dir, part, fmt.Sprint("class ", c))
			require.NoError(t, os.MkdirAll(folder, 0o777))
			for k := range n {
				m := image.NewRGBA(image.Rect(0, 0, 24+5*(k%4), 20+7*(k%3)))
				for p := range m.Rect.Max.X * m.Rect.Max.Y {
					m.Set(p%m.Rect.Max.X, p/m.Rect.Max.X, color.RGBA{uint8(90 * c), uint8(3 * p), uint8(40*k + len(part)), 255})
				}
				f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%03d.png", k)))
				require.NoError(t, err)
				require.NoError(t, png.Encode(f, m))
				require.NoError(t, f.Close())
			}
		}
	}
	return dir
}

// Wherever the images are kept, a backbone for photographs is trained on boxes of whole ones, its model says how it is tested,
// and all is the same bit for bit, also where a run goes on in the middle of an epoch.
func TestResizedCrops(t *testing.T) {
	dir := photographs(t, map[string][]int{"train": {9, 4}, "test": {3, 3}})
	s := Settings{Data: dir, Backbone: "resnet", Width: 4, Size: 16, Epochs: 2, Batch: 4}
	var first map[string]string
	var begun *Data
	for what, keep := range map[string]dataset.CacheSettings{
		"in memory":        {},
		"decoded anew":     {Memory: 1},
		"kept as they are": {Memory: 20_000, File: 20_000, Dir: t.TempDir()},
	} {
		d, err := s.Open(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, "resized", d.Settings.Crop)
		require.Equal(t, 19, d.Settings.Shorter)
		require.Contains(t, strings.Join(d.Derived, "\n"), "crop resized")
		d.Keep = keep
		require.NoError(t, d.Load(t.Context()))
		require.Contains(t, d.Derived[len(d.Derived)-1], what)
		out := t.TempDir()
		if first != nil { // it goes on where another began
			ctx, cancel := context.WithCancel(t.Context())
			r, steps := runOn(t, begun, "hybrid-sc", out), 0
			r.Trainer.OnStep = func(train.StepReport) error {
				if steps++; steps == 5 { // in the middle of the second epoch
					cancel()
				}
				return nil
			}
			_, err := r.Do(ctx)
			require.ErrorIs(t, err, context.Canceled)
		}
		begun = d
		r := runOn(t, d, "hybrid-sc", out)
		require.Equal(t, []string{"resizedcrop+flip"}, r.Augmentation)
		report := do(t, r)
		if first == nil {
			first = left(t, out)
		}
		requireSame(t, first, left(t, out))

		net, about, err := hybrid.Open(out)
		require.NoError(t, err)
		require.Equal(t, augment.Resize{Shorter: 19}, net.Resize())
		require.Equal(t, dataset.Scale{}, dataset.Scale{Height: net.Scale(about.Fit).Height, Width: net.Scale(about.Fit).Width})
		again, err := s.Open(t.Context(), 1)
		require.NoError(t, err)
		e, err := Evaluate(t.Context(), net, about, again.Test, nil)
		require.NoError(t, err)
		require.InDelta(t, *report.Top1, 100*float64(e.Top1), 0.05)
		_, err = EvaluateWith(t.Context(), net, about, again.Test, EvaluateSettings{TTA: hybrid.TenCropTTA})
		require.NoError(t, err)
	}
	require.NoError(t, begun.Close())
}

func TestCropIsChosen(t *testing.T) {
	dir := photographs(t, map[string][]int{"train": {9, 4}, "test": {3, 3}})
	for _, c := range []struct {
		Settings
		crop string
		err  string
	}{
		{Settings: Settings{}, crop: ""},
		{Settings: Settings{Crop: "padded", Backbone: "resnet"}, crop: ""},
		{Settings: Settings{Crop: "resized"}, crop: "resized"},
		{Settings: Settings{Crop: "resized", Shorter: 16}, crop: "resized"},
		{Settings: Settings{Crop: "resized", Shorter: 15}, err: "shorter is 15"},
		{Settings: Settings{Shorter: 20}, err: "shorter has a meaning with crop resized only"},
		{Settings: Settings{Crop: "cut"}, err: `crop "cut" is not one of resized, padded`},
		{Settings: Settings{Crop: "resized", Views: "paper", Size: 32}, err: "exclude each other"},
	} {
		c.Settings.Data, c.Settings.Epochs = dir, 1
		if c.Size == 0 {
			c.Settings.Size = 16
		}
		d, err := c.Settings.Open(t.Context(), 1)
		if c.err != "" {
			require.ErrorContains(t, err, c.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.crop, d.Settings.Crop)
		var img dataset.Image
		require.NoError(t, d.Train.Image(1, &img))
		require.Equal(t, c.crop == "resized", img.Width != 16)
	}
	_, err := Settings{Crop: "resized", Epochs: 1}.Open(t.Context(), 1)
	require.ErrorContains(t, err, "no data are given")
}

// Bad images are found before the training where all are read first.
func TestBadPhotographsAreFoundFirst(t *testing.T) {
	dir := photographs(t, map[string][]int{"train": {9, 4}, "test": {3, 3}})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test", "class 1", "001.png"), []byte("<html>"), 0o666))
	d, err := Settings{Data: dir, Backbone: "resnet", Size: 16, Epochs: 1, HashImages: 1}.Open(t.Context(), 1)
	require.NoError(t, err)
	require.ErrorContains(t, d.Load(t.Context()), "001.png")
}
