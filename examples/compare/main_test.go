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
	"time"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
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
	train, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, PerClass: 20, TestPerClass: 4})
	require.NoError(t, err)
	for part, set := range map[string]*dataset.Memory{"train": train, "test": test} {
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

// Differences in budget, backbone and data are refused, budgets before anything is trained.
func TestUnfairTablesAreRefused(t *testing.T) {
	s := tiny(t, "-methods", "ce,hybrid-sc", "-equal", "epochs")
	var out, log bytes.Buffer
	err := run(context.Background(), s, &out, &log)
	require.ErrorContains(t, err, "ce and hybrid-sc with seed 1 differ in training.images_seen: ")
	require.ErrorContains(t, err, "make them alike, or show the difference as a column: -show training.images_seen")
	require.Empty(t, out.String()+log.String())
	s.Show = []string{"training.images_seen"}
	table, f := compare(t, s)
	require.Equal(t, 3*f.Table[0].Images, f.Table[1].Images)
	require.Equal(t, 1, strings.Count(table, "images"), "the column is there already")

	s = tiny(t, "-methods", "ce")
	s.JSON = filepath.Join(t.TempDir(), "first.json")
	require.NoError(t, run(context.Background(), s, &out, &log))
	other := tiny(t, "-methods", "crt", "-width", "4", "-with", s.JSON)
	require.ErrorContains(t, run(context.Background(), other, &out, &log), "ce and crt with seed 1 differ in network.width: 2, 4: ")
	other.Show = []string{"network.width"}
	table, f = compare(t, other)
	require.Contains(t, table, "network.width")
	require.Equal(t, []string{"2"}, f.Table[0].Shown)
	require.Equal(t, []string{"4"}, f.Table[1].Shown)

	other = tiny(t, "-methods", "crt", "-imbalance", "20", "-with", s.JSON)
	require.ErrorContains(t, run(context.Background(), other, &out, &log), "differ in data.profile: ")
	other = tiny(t, "-methods", "crt", "-seeds", "2", "-with", s.JSON)
	require.EqualError(t, run(context.Background(), other, &out, &log),
		"ce has the seeds [1], crt [2]: run the same, or show them as a column: -show training.seed")
	other = tiny(t, "-methods", "ce", "-with", s.JSON)
	require.EqualError(t, run(context.Background(), other, &out, &log), "ce is there twice with seed 1: leave one out")
}

// A table of runs from several files, without a run of its own.
func TestFilesAreJoined(t *testing.T) {
	var files []string
	var log bytes.Buffer
	for _, m := range []string{"ce", "crt"} {
		s := tiny(t, "-methods", m, "-select", "first", "-cuts", "50")
		s.JSON = filepath.Join(t.TempDir(), m+".json")
		require.NoError(t, run(context.Background(), s, &log, &log))
		files = append(files, s.JSON)
	}
	s, err := parse([]string{"-methods", "none", "-with", strings.Join(files, ",")})
	require.NoError(t, err)
	table, f := compare(t, s)
	require.Len(t, f.Runs, 2)
	require.Nil(t, f.Settings, "the runs had settings of their own")
	require.Contains(t, table, "cRT")
	require.Contains(t, f.Runs[0].Manifest.Data.Profile, "first")
	require.Contains(t, f.Runs[0].Manifest.Training.LearningRate, "3", "half of six epochs")
}

func TestAFloorThatIsMissedIsAnError(t *testing.T) {
	var out, log bytes.Buffer
	err := run(context.Background(), tiny(t, "-methods", "ce", "-floor", "100"), &out, &log)
	require.ErrorContains(t, err, "below -floor 100%: ce ")
	require.Contains(t, out.String(), "CE", "the table comes first")
}

// Of a comparison that is interrupted, what was finished is kept.
func TestAnInterruptedComparisonKeepsItsRuns(t *testing.T) {
	s := tiny(t, "-methods", "ce,crt,lws")
	s.JSON = filepath.Join(t.TempDir(), "compare.json")
	ctx, cancel := context.WithCancel(context.Background())
	var out bytes.Buffer
	var first file
	log := writer(func(text string) {
		if strings.Contains(text, "crt, seed 1") {
			text, err := os.ReadFile(s.JSON)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(text, &first))
			cancel()
		}
	})
	require.ErrorIs(t, run(ctx, s, &out, log), context.Canceled)
	text, err := os.ReadFile(s.JSON)
	require.NoError(t, err)
	var f file
	require.NoError(t, json.Unmarshal(text, &f))
	require.Len(t, f.Runs, 1)
	require.Equal(t, "after 1 runs of 3", first.Error, "written after every run")
	require.Contains(t, f.Error, "context canceled")
	require.Contains(t, out.String(), "CE")
}

// underRace reports that the race detector watches, which makes arithmetic slow.
func underRace() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

type writer func(string)

func (w writer) Write(b []byte) (int, error) {
	w(string(b))
	return len(b), nil
}

func TestFlagsAreChecked(t *testing.T) {
	for args, want := range map[string]string{
		"":                                      "give either -data, ",
		"-quick -data x":                        "give either -data, ",
		"-quick table":                          `what is "table"?`,
		"-quick -methods ce,boosting":           `-methods: method: there is no "boosting", only ce, `,
		"-quick -methods ce,ce":                 "-methods has ce twice",
		"-quick -seeds 1,x":                     `-seeds "1,x": "x" is not a new whole number`,
		"-quick -seeds 1,1":                     `-seeds "1,1": "1" is not a new whole number`,
		"-quick -equal steps":                   `-equal "steps" is not one of images, epochs`,
		"-quick -views paper":                   "-views paper is for images of 32 pixels, not of 16",
		"-quick -epochs 100":                    "-epochs 100 and -batch 48 must be multiples of 3, the images a sample of hybrid-sc, or use -equal epochs",
		"-quick -holdout 0":                     "-holdout 0 must be below 1, and above 0 for tau-norm",
		"-quick -show budget":                   `-show "budget" is no field of a manifest`,
		"-quick -lr 0":                          "-lr 0 above 0",
		"-quick -cuts 60,50":                    `-cuts "60,50": "50" is not a percentage`,
		"-quick -cuts 100":                      `-cuts "100": "100" is not a percentage`,
		"-quick -select last":                   `-select "last" is not one of shuffle, first`,
		"-quick -methods none":                  "-methods none makes a table of earlier runs",
		"-methods none -with x":                 "",
		"-quick -cuts none -select first":       "",
		"-quick -profile natural":               "",
		"-data x -profile natural":              "",
		"-quick -methods ce -holdout 0":         "",
		"-quick -profile natural -imbalance 10": "-imbalance has no meaning with -profile natural",
		"-quick -show network.width,data.name":  "",
	} {
		_, err := parse(strings.Fields(args))
		if want == "" {
			require.NoError(t, err, args)
		} else {
			require.ErrorContains(t, err, want, args)
		}
	}
}

func TestFilesOfOtherProgramsAreRefused(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{"{}": "has no runs", "x": "invalid character", `{"runs":[{}]}`: "runs[0] lacks its method"} {
		path := filepath.Join(dir, "f.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := earlier(path)
		require.ErrorContains(t, err, want)
	}
	_, err := earlier(filepath.Join(dir, "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Long runs tell how they go, between the line that they began and its end; short ones do not.
func TestLongRunsTellHowTheyGo(t *testing.T) {
	report := func(step int) hybrid.StepReport {
		return hybrid.StepReport{At: schedule.Progress{Epochs: 1, Step: step, Steps: 2}, Images: 5, Losses: []hybrid.LossReport{{Name: "ce", Value: 1.5, Weight: 1}}}
	}
	var log bytes.Buffer
	for _, began := range []time.Duration{0, -time.Hour} {
		fmt.Fprint(&log, "1/1  ce, seed 1: ")
		lines := &inset{w: &log, from: time.Now().Add(began + every)}
		lines.step(report(0))
		lines.step(report(1))
		lines.end()
		fmt.Fprintln(&log, "50%")
	}
	require.Regexp(t, `^1/1  ce, seed 1: 50%\n1/1  ce, seed 1: \n     epoch 1/1  step 2/2  ce 1.5000 \(weight 1.000\) .*ETA 0s\n     50%\n$`, log.String())
}
