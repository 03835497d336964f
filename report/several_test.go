package report

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/stretchr/testify/require"
)

// Runs side by side: figures of the reports, differences by class, and of the manifests.
func TestPageOfSeveral(t *testing.T) {
	dir := copied(t)
	other := filepath.Join(t.TempDir(), "a run")
	require.NoError(t, os.CopyFS(other, os.DirFS(dir)))
	all, err := OpenAll(context.Background(), []string{dir, other}, Settings{})
	require.NoError(t, err)
	require.True(t, all[0].Test == nil)
	require.Contains(t, all[0].Classes, "ring-6")
	require.NotEqual(t, all[0].Name, all[1].Name)
	all[0].Name, all[1].Name = "first", "second"
	page := written(t, all...)
	require.Contains(t, page, `<section id="manifests" aria-labelledby="manifests-title">`)
	require.Contains(t, page, "<p>Nothing.</p>")
	require.Contains(t, page, "second (difference)")
	require.Contains(t, page, "Accuracy on held-out images by epoch")
	require.NotRegexp(t, `NaN|%!|Inf\b`, page)

	up := 60.0
	all[1].Figures.PerClass[2] = &up
	all[0].Figures.PerClass[2] = new(float64)
	all[1].Figures.Manifest.Training.Seed = 7
	all[1].Notes = []string{"tired"}
	page = written(t, all...)
	require.Contains(t, page, `<td data-v="60.0000">&#43;60.0`)
	require.Contains(t, page, "training.seed")
	require.Contains(t, page, "second: tired")

	all[1].Figures.TrainCounts = []int{3, 3}
	all[1].Classes = nil
	require.Contains(t, written(t, all...), "have other classes")
}

// A folder of runs, JSON of a comparison, and what is neither.
func TestOpenAll(t *testing.T) {
	dir := copied(t)
	all, err := OpenAll(context.Background(), []string{filepath.Dir(dir)}, Settings{FiguresOnly: true})
	require.NoError(t, err)
	require.Len(t, all, 1)
	reports, err := experiment.Read(dir)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "all.json")
	require.NoError(t, experiment.NewFile(nil, experiment.Table{}, append(reports, reports...), nil).Write(path))
	all, err = OpenAll(context.Background(), []string{path, dir}, Settings{})
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, "hybrid-psc-seed-1 (2)", all[1].Name)
	require.Equal(t, "a run", all[2].Name)
	_, err = OpenAll(context.Background(), []string{t.TempDir()}, Settings{})
	require.ErrorContains(t, err, "nor are folders in it")
	_, err = OpenAll(context.Background(), []string{filepath.Join(dir, "nothing")}, Settings{})
	require.ErrorContains(t, err, "nothing")
	_, err = OpenAll(context.Background(), []string{filepath.Join(dir, "steps.csv")}, Settings{})
	require.ErrorContains(t, err, "steps.csv")
}

// Each plot is a file, with ink on white.
func TestWritePNG(t *testing.T) {
	r := open(t, copied(t), Settings{FiguresOnly: true})
	dir := filepath.Join(t.TempDir(), "plots")
	paths, err := WritePNG(dir, r)
	require.NoError(t, err)
	require.Contains(t, paths, filepath.Join(dir, "tail.png"))
	for _, path := range paths {
		f, err := os.Open(path)
		require.NoError(t, err)
		m, err := png.Decode(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		require.Greater(t, m.Bounds().Dx(), 800)
		dark := 0
		for y := range m.Bounds().Dy() {
			if v, _, _, _ := m.At(m.Bounds().Dx()/2, y).RGBA(); v < 0xc000 {
				dark++
			}
		}
		require.Greater(t, dark, 0, path)
	}
	require.ErrorContains(t, func() error { _, err := WritePNG(paths[0], r); return err }(), "tail.png")
}

func TestEffectiveImages(t *testing.T) {
	of, tests := []int{many, many, few, few}, []int{10, 10, 5, 0}
	require.InDelta(t, 20, effective(of, tests, many), 1e-9) // as many as there are where classes have equally many
	require.InDelta(t, 5, effective(of, tests, few), 1e-9)
	require.Zero(t, effective(of, tests, medium))
	require.Equal(t, "+1.5 −2.0 +0.0 +0.0", strings.Join([]string{signed(1.5), signed(-2), signed(0), signed(-0.01)}, " "))
}
