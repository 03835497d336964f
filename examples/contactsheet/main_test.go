package main

import (
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

func TestSheet(t *testing.T) {
	dir := t.TempDir()
	s := settings{out: filepath.Join(dir, "sheet.png"), image: 3, draws: 4, side: 16, pixels: 40, seed: 1}
	require.NoError(t, run(s))
	file, err := os.Open(s.out)
	require.NoError(t, err)
	defer file.Close()
	sheet, err := png.Decode(file)
	require.NoError(t, err)
	// 30 rows of five images of 3×16 pixels.
	require.Equal(t, 30*(48+gap)+gap, sheet.Bounds().Dy())
	require.Equal(t, names+5*(48+gap)+gap, sheet.Bounds().Dx())

	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")

	// The image as it is stands at the left of every row.
	images, err := s.images()
	require.NoError(t, err)
	p := images[0].Pix
	for row := range 30 {
		require.Equal(t, color.RGBA{p[0], p[1], p[2], 255}, sheet.At(names+1, gap+row*(48+gap)+1))
	}
}

func TestGrayImagesAreDrawnGray(t *testing.T) {
	m := &dataset.Image{Width: 2, Height: 1, Channels: 1, Pix: []uint8{10, 200}}
	sheet := drawSheet([]row{{"x", []*dataset.Image{m}}}, 1, 4)
	require.Equal(t, color.RGBA{200, 200, 200, 255}, sheet.At(names+3, gap+1))
}

func TestErrors(t *testing.T) {
	good := settings{out: filepath.Join(t.TempDir(), "x.png"), draws: 2, side: 8, pixels: 8}
	for want, change := range map[string]func(s *settings){
		"0 draws of 8 pixels: there must be 1 to 100 draws of 1 to 1000 pixels": func(s *settings) { s.draws = 0 },
		"image 100: the training set has 100, counted from 0":                   func(s *settings) { s.image = 100 },
	} {
		s := good
		change(&s)
		require.EqualError(t, run(s), want)
	}
	s := good
	s.data = t.TempDir()
	require.ErrorContains(t, run(s), "dataset: no known data set in ")
	s = good
	s.out = filepath.Join(s.out, "not", "there.png")
	require.Error(t, run(s))
}
