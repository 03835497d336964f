package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// tiny is a comparison of seconds.
func tiny(t *testing.T, more ...string) settings {
	t.Helper()
	s, err := parse(append([]string{"-quick", "-size", "8", "-width", "2", "-embedding", "8", "-epochs", "6", "-batch", "96", "-floor", "0"}, more...))
	require.NoError(t, err)
	return s
}

func compare(t *testing.T, s settings) (table string, f file) {
	t.Helper()
	s.JSON = filepath.Join(t.TempDir(), "compare.json")
	var out, log bytes.Buffer
	require.NoError(t, run(context.Background(), s, &out, &log), log.String())
	text, err := os.ReadFile(s.JSON)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &f))
	left, err := os.ReadDir(filepath.Dir(s.JSON))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
	return out.String(), f
}

// Every method has a row, and equal budgets are equal to the image.
func TestAllMethodsInOneTable(t *testing.T) {
	s := tiny(t)
	if underRace() {
		s = tiny(t, "-methods", "ce,tau-norm,kcl,bcl") // package method has all of them
	}
	table, f := compare(t, s)
	lines := strings.Split(strings.TrimSpace(table), "\n")
	require.Len(t, lines, 1+len(f.Settings.Methods))
	require.Regexp(t, `^top-1 \(%\) +many +medium +few +all +images seen +seconds +parameters +augmentation$`, lines[0])
	require.Equal(t, len(f.Runs), len(f.Table))
	for i, r := range f.Runs {
		require.Equal(t, f.Settings.Methods[i], r.Method)
		require.Equal(t, f.Runs[0].Manifest.Training.ImagesSeen, r.Manifest.Training.ImagesSeen, r.Method)
		require.Equal(t, f.Runs[0].Manifest.Data, r.Manifest.Data)
		require.NotNil(t, r.Top1)
		require.Len(t, r.PerClass, 10)
		require.Equal(t, []string{"crop+flip+grayscale"}, r.Augmentation)
		require.Contains(t, lines[i+1], r.Title)
	}
}

// Class folders, as they are, with the papers' views.
func TestDataOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	trainSet, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, PerClass: 20, TestPerClass: 4})
	require.NoError(t, err)
	for part, set := range map[string]*dataset.Memory{"train": trainSet, "test": test} {
		var img dataset.Image
		for i := range set.Len() {
			require.NoError(t, set.Image(i, &img))
			picture := image.NewRGBA(image.Rect(0, 0, img.Width, img.Height))
			for p := range img.Width * img.Height {
				picture.Set(p%img.Width, p/img.Width, color.RGBA{img.Pix[3*p], img.Pix[3*p+1], img.Pix[3*p+2], 255})
			}
			path := filepath.Join(dir, part, set.Classes()[set.Label(i)], fmt.Sprintf("%04d.png", i))
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			var buffer bytes.Buffer
			require.NoError(t, png.Encode(&buffer, picture))
			require.NoError(t, os.WriteFile(path, buffer.Bytes(), 0o644))
		}
	}
	s, err := parse([]string{"-data", dir, "-profile", "natural", "-holdout", "0.2", "-methods", "ce,bcl", "-views", "paper", "-equal", "epochs",
		"-depth", "8", "-width", "2", "-epochs", "1", "-batch", "24", "-show", "training.images_seen,training.epochs"})
	require.NoError(t, err)
	table, f := compare(t, s)
	require.Equal(t, []int{16, 16, 16}, f.Runs[0].Manifest.Data.TrainCounts)
	require.Equal(t, []int{4, 4, 4}, f.Runs[0].Manifest.Data.HeldOutCounts)
	require.Equal(t, []int64{48, 144}, []int64{f.Table[0].Images, f.Table[1].Images})
	require.Equal(t, []string{"crop+flip+autoaugment+cutout", "resizedcrop+flip+colorjitter+grayscale"}, f.Table[1].Augmentation)
	require.Contains(t, table, "training.epochs")
}

func TestSeedsGiveMeanAndDeviation(t *testing.T) {
	table, f := compare(t, tiny(t, "-methods", "ce,crt", "-seeds", "1,2,3"))
	require.Len(t, f.Runs, 6)
	require.Len(t, f.Table, 2)
	mean := 0.0
	for _, r := range f.Runs {
		if r.Method == "ce" {
			mean += *r.Top1 / 3
		}
	}
	require.InDelta(t, mean, f.Table[0].All.Mean, 1e-9)
	require.NotNil(t, f.Table[0].All.SD)
	require.Equal(t, []uint64{1, 2, 3}, f.Table[0].Seeds)
	require.Contains(t, table, " ± ")
	require.NotEqual(t, f.Runs[0].Manifest.Data.TrainSHA256, f.Runs[2].Manifest.Data.TrainSHA256, "a long tail of each seed's own")
}

func TestAFloorThatIsMissedIsAnError(t *testing.T) {
	var out, log bytes.Buffer
	err := run(context.Background(), tiny(t, "-methods", "ce", "-floor", "100"), &out, &log)
	require.ErrorContains(t, err, "below -floor 100%: ce ")
	require.Contains(t, out.String(), "CE", "the table comes first")
}

// underRace reports that the race detector watches, which makes arithmetic slow.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
