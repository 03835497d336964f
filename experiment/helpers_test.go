package experiment

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

// tiny are settings of a run of a tenth of a second.
func tiny(change ...func(*Settings)) Settings {
	s := Quick()
	s.Size, s.Width, s.Embedding, s.Epochs, s.Batch = 8, 2, 8, 6, 96
	for _, c := range change {
		c(&s)
	}
	return s
}

// presets are the methods of the names.
func presets(names ...string) (all []method.Method) {
	for _, name := range names {
		m, err := method.ByName(name)
		if err != nil {
			panic(err)
		}
		all = append(all, m)
	}
	return all
}

func plan(t *testing.T, c Comparison) *Plan {
	t.Helper()
	if c.Seeds == nil {
		c.Seeds = []uint64{1}
	}
	p, err := c.Plan()
	require.NoError(t, err)
	return p
}

// planned are runs, untrained.
func planned(t *testing.T, s Settings, seeds []uint64, methods ...string) []Report {
	t.Helper()
	return plan(t, Comparison{Settings: s, Methods: presets(methods...), Seeds: seeds, Show: []string{"training.images_seen"}}).Todo
}

// compare trains everything.
func compare(t *testing.T, c Comparison) (runs []Report, table Table) {
	t.Helper()
	p := plan(t, c)
	runs = p.Done
	for r, err := range p.Runs(context.Background()) {
		require.NoError(t, err)
		report, err := r.Do(context.Background())
		require.NoError(t, err)
		runs = append(runs, *report)
	}
	table, err := NewTable(runs, c.Show, true)
	require.NoError(t, err)
	return runs, table
}

// folders writes generated images as PNG files, so many a class, and returns the folder.
func folders(t *testing.T, size int, parts map[string][]int) string {
	t.Helper()
	dir := t.TempDir()
	seed := uint64(0)
	for _, part := range []string{"", "train", "test", "val", "valid"} {
		seed++
		if counts, ok := parts[part]; ok {
			writeImages(t, filepath.Join(dir, part), size, seed, counts)
		}
	}
	return dir
}

func writeImages(t *testing.T, dir string, size int, seed uint64, counts []int) {
	t.Helper()
	all, _, err := dataset.Generate(dataset.GenerateSettings{Classes: len(counts), Size: size, PerClass: slices.Max(counts), TestPerClass: 1, Seed: seed})
	require.NoError(t, err)
	var img dataset.Image
	for c, n := range counts {
		folder := filepath.Join(dir, all.Classes()[c])
		require.NoError(t, os.MkdirAll(folder, 0o777))
		for k := range n {
			require.NoError(t, all.Image(c*slices.Max(counts)+k, &img))
			picture := image.NewRGBA(image.Rect(0, 0, size, size))
			for p := range size * size {
				picture.Set(p%size, p/size, color.RGBA{img.Pix[3*p], img.Pix[3*p+1], img.Pix[3*p+2], 255})
			}
			f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%03d.png", k)))
			require.NoError(t, err)
			require.NoError(t, png.Encode(f, picture))
			require.NoError(t, f.Close())
		}
	}
}

var times = regexp.MustCompile(`"(seconds|images_per_second)": [^,\n]*`)

// text is a file without times.
func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(times.ReplaceAll(b, []byte(`"$1": 0`)))
}

// underRace reports that the race detector watches, which makes arithmetic slow.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
