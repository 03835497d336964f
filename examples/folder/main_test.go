package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// photo writes a picture of one color, of a size of its own.
func photo(t *testing.T, path string, i int, c color.NRGBA) {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 20+i%7, 24-i%5))
	for p := 0; p < len(m.Pix); p += 4 {
		copy(m.Pix[p:], []byte{c.R, c.G, c.B, 255})
	}
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, m))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o666))
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	colors := map[string]color.NRGBA{"blue": {0, 0, 200, 255}, "red": {200, 0, 0, 255}}
	for class, c := range colors {
		for i := range 12 {
			photo(t, filepath.Join(dir, "train", class, fmt.Sprint(i, ".png")), i, c)
			photo(t, filepath.Join(dir, "test", class, fmt.Sprint(i, ".png")), i+1, c)
		}
	}
	out := filepath.Join(dir, "model.safetensors")
	s := settings{data: dir, method: "crt", out: out, size: 16, depth: 18, epochs: 2, batch: 8}
	var text bytes.Buffer
	require.NoError(t, run(t.Context(), &text, s))
	require.Contains(t, text.String(), "epoch 2/2")
	net, about, err := hybrid.Open(out)
	require.NoError(t, err)
	require.Equal(t, []string{"blue", "red"}, about.Classes)
	require.Equal(t, dataset.Whole, about.Fit)
	require.Equal(t, "crt", about.Method)
	require.Equal(t, 18, net.Resize().Shorter)
	_, test, err := dataset.Open(dir, dataset.FolderSettings{Fit: dataset.Whole})
	require.NoError(t, err)
	confusion, err := net.Evaluate(t.Context(), test, 0)
	require.NoError(t, err)
	figures, err := confusion.Report([]int{12, 12}, nil)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(text.String(), figures.String()+"\n"), "%s is not of the model that is saved: %s", text.String(), figures)

	s.init = out // a model of this library is one to begin with, too
	text.Reset()
	s.epochs = 1
	require.NoError(t, run(t.Context(), &text, s))
	require.Contains(t, text.String(), "loaded")
	s.method = "tau-norm"
	require.ErrorContains(t, run(t.Context(), &text, s), "held-out set")
	s.method, s.data = "ce", filepath.Join(dir, "none")
	require.ErrorContains(t, run(t.Context(), &text, s), s.data)
}
