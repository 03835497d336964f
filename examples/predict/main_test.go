package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

func TestPredicting(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{192, 6}, Seed: 1})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 3, hybrid.WithInput(8, 8, 3), hybrid.WithoutProjection())
	require.NoError(t, err)
	require.NoError(t, hybrid.Save(at("model"), net, hybrid.About{Classes: []string{"cat", "dog", "owl"}}))
	for _, name := range []string{"a.jpg", "b.jpg"} {
		var photo bytes.Buffer
		require.NoError(t, jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30)), nil))
		require.NoError(t, os.WriteFile(at(name), photo.Bytes(), 0o666))
	}
	var out bytes.Buffer
	require.NoError(t, run(&out, at("model"), []string{at("a.jpg"), at("b.jpg")}))
	class := `( *\d+\.\d%  (cat|dog|owl)\n){3}`
	require.Regexp(t, "^"+regexp.QuoteMeta(at("a.jpg"))+"\n"+class+regexp.QuoteMeta(at("b.jpg"))+"\n"+class+"$", out.String())

	require.NoError(t, hybrid.Save(at("nameless"), net, hybrid.About{}))
	require.NoError(t, os.WriteFile(at("c.jpg"), []byte("text"), 0o666))
	require.ErrorContains(t, run(&out, at("nameless"), []string{at("a.jpg")}), "names of its classes")
	require.ErrorContains(t, run(&out, at("model"), []string{at("c.jpg")}), at("c.jpg"))
	require.ErrorContains(t, run(&out, at("model"), []string{at("none.jpg")}), at("none.jpg"))
	require.ErrorContains(t, run(&out, at("none"), nil), at("none"))
}

func TestTheModelHere(t *testing.T) {
	net, about, err := hybrid.Open("cifar10.safetensors")
	require.NoError(t, err)
	require.Equal(t, "logit-adjusted", about.Method)
	require.Equal(t, 50, about.Counts[9])
	predictor, err := net.Freeze()
	require.NoError(t, err)
	// A dark ship on a light sea and sky: hull, and a bridge on it.
	ship := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(ship, ship.Bounds(), image.NewUniform(color.RGBA{170, 200, 230, 255}), image.Point{}, draw.Src)
	draw.Draw(ship, image.Rect(0, 44, 64, 64), image.NewUniform(color.RGBA{60, 90, 130, 255}), image.Point{}, draw.Src)
	draw.Draw(ship, image.Rect(6, 34, 58, 46), image.NewUniform(color.RGBA{40, 40, 50, 255}), image.Point{}, draw.Src)
	draw.Draw(ship, image.Rect(24, 22, 40, 34), image.NewUniform(color.RGBA{240, 240, 240, 255}), image.Point{}, draw.Src)
	found, err := predictor.Classify(ship)
	require.NoError(t, err)
	require.Equal(t, "ship", found.Top(1)[0].Class)
}
