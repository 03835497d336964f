package experiment

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Equal budgets are equal to the image.
func TestMethodsInOneTable(t *testing.T) {
	methods := []string{"ce", "tau-norm", "bcl", "kcl"}
	runs, table := compare(t, Comparison{Settings: tiny(), Methods: presets(methods...), Seeds: []uint64{1}})
	require.Len(t, table.Rows, len(methods))
	var out bytes.Buffer
	require.NoError(t, table.Write(&out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Regexp(t, `^top-1 \(%\) +many +medium +few +all +images seen +seconds +parameters +augmentation$`, lines[0])
	for i, r := range runs {
		require.Equal(t, methods[i], r.Method)
		require.Equal(t, runs[0].Manifest.Training.ImagesSeen, r.Manifest.Training.ImagesSeen, r.Method)
		require.Equal(t, runs[0].Manifest.Data, r.Manifest.Data)
		require.Len(t, r.PerClass, 10)
		require.Equal(t, []string{"crop+flip+grayscale"}, r.Augmentation)
		require.Contains(t, lines[i+1], r.Title)
	}
	require.Empty(t, table.Below(0))
	require.Len(t, table.Below(100), 4)
}

// The strong views are those of classifiers and contrasts, for images of any size; and streams may pass alone.
func TestStrongViewsTrain(t *testing.T) {
	runs, _ := compare(t, Comparison{Settings: tiny(func(s *Settings) { s.Views, s.SeparatePasses = "strong", true }), Methods: presets("ce", "hybrid-sc", "bcl")})
	const feature, classifier = "resizedcrop+flip+colorjitter+grayscale", "crop+flip+autoaugment+cutout"
	require.Equal(t, [][]string{{classifier}, {feature, classifier}, {classifier, feature}}, [][]string{runs[0].Augmentation, runs[1].Augmentation, runs[2].Augmentation})
	for _, r := range runs {
		require.True(t, r.Manifest.Network.SeparatePasses)
	}
}

func TestResizedViewsTrain(t *testing.T) {
	runs, _ := compare(t, Comparison{Settings: tiny(func(s *Settings) { s.Views = "resized" }), Methods: presets("ce", "hybrid-psc")})
	for _, r := range runs {
		require.Equal(t, []string{"resizedcrop+flip+grayscale"}, r.Augmentation)
	}
}

func TestSeedsGiveMeanAndDeviation(t *testing.T) {
	runs, table := compare(t, Comparison{Settings: tiny(), Methods: presets("ce", "crt"), Seeds: []uint64{1, 2, 3}})
	require.Len(t, runs, 6)
	mean := 0.0
	for _, r := range runs {
		if r.Method == "ce" {
			mean += *r.Top1 / 3
		}
	}
	require.InDelta(t, mean, table.Rows[0].All.Mean, 1e-9)
	require.NotNil(t, table.Rows[0].All.SD)
	require.Equal(t, []uint64{1, 2, 3}, table.Rows[0].Seeds)
	require.Contains(t, table.Rows[0].All.String(), " ± ")
	require.NotEqual(t, runs[0].Manifest.Data.TrainSHA256, runs[2].Manifest.Data.TrainSHA256, "a long tail of each seed's own")
}

// A comparison that is stopped in the middle of a run goes on there, and ends with the files of one that was not.
func TestAComparisonGoesOnInTheMiddleOfARun(t *testing.T) {
	c := Comparison{Settings: tiny(), Methods: presets("ce", "crt"), Seeds: []uint64{1, 2}, Dir: t.TempDir(), Resume: true}
	whole, _ := compare(t, c)
	want := c.Dir
	c.Dir = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := plan(t, c)
	require.Len(t, p.Todo, 4)
	for r, err := range p.Runs(ctx) {
		require.NoError(t, err)
		if r.Method == "crt" && r.Trainer.Seed == 1 {
			r.Trainer.OnEpoch = func(train.EpochReport) error { cancel(); return nil }
		}
		if _, err := r.Do(ctx); err != nil {
			require.ErrorIs(t, err, context.Canceled)
			break
		}
	}
	p = plan(t, c)
	require.Len(t, p.Done, 1)
	require.Len(t, p.Todo, 3)
	runs, _ := compare(t, c)
	require.Len(t, runs, 4)
	for _, r := range whole {
		name := r.Method + "-seed-" + string('0'+rune(r.Seed))
		requireSame(t, left(t, filepath.Join(want, name)), left(t, filepath.Join(c.Dir, name)))
	}
	require.Empty(t, plan(t, c).Todo)
	c.Resume = false
	_, err := c.Plan()
	require.ErrorIs(t, err, ErrExists)
	c.Resume, c.Settings.LR = true, 0.2
	_, err = c.Plan()
	require.ErrorContains(t, err, "has another run")
}

// A table of runs from several files and folders, without a run of its own.
func TestFilesAndFoldersAreJoined(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "one.json"), filepath.Join(dir, "runs")
	s := tiny(func(s *Settings) { s.Select, s.Cuts, s.Epochs = "first", []float64{50}, 2 })
	runs, tab := compare(t, Comparison{Settings: s, Methods: presets("ce"), Seeds: []uint64{1}})
	require.NoError(t, NewFile(s, tab, runs, nil).Write(file))
	compare(t, Comparison{Settings: s, Methods: presets("crt", "ncm"), Seeds: []uint64{1}, Dir: folder})
	var all []Report
	for _, path := range []string{file, folder} {
		more, err := Read(path)
		require.NoError(t, err)
		all = append(all, more...)
	}
	require.Len(t, all, 3)
	require.Equal(t, file, all[0].From())
	one, err := Read(filepath.Join(folder, "crt-seed-1"))
	require.NoError(t, err)
	require.Equal(t, "crt", one[0].Method)
	tab, err = NewTable(all, nil, true)
	require.NoError(t, err)
	require.Equal(t, []string{"CE", "cRT", "NCM"}, []string{tab.Rows[0].Title, tab.Rows[1].Title, tab.Rows[2].Title})
	require.Contains(t, all[0].Manifest.Training.LearningRate, "Milestones: [1]}", "half of two epochs")

	// What is there is not trained again; one that would be trained otherwise is another.
	p := plan(t, Comparison{Settings: s, Methods: presets("ce", "lws"), Earlier: all})
	require.Len(t, p.Todo, 1)
	s.LR = 0.2
	_, err = Comparison{Settings: s, Methods: presets("ce"), Seeds: []uint64{1}, Earlier: all}.Plan()
	require.ErrorContains(t, err, "ce is there twice with seed 1, and the two differ in training.learning_rate: ")
}

func TestFilesOfOtherProgramsAreRefused(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{"{}": "has no finished runs", "x": "invalid character", `{"runs":[{}]}`: "runs[0] lacks its method"} {
		path := filepath.Join(dir, "f.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := Read(path)
		require.ErrorContains(t, err, want)
	}
	_, err := Read(filepath.Join(dir, "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Read(dir)
	require.ErrorContains(t, err, "has no finished run")
}

// All seeds are planned before any is trained.
func TestALaterSeedThatDoesNotFitIsFoundFirst(t *testing.T) {
	s := tiny(func(s *Settings) { s.Epochs = 2 })
	runs, _ := compare(t, Comparison{Settings: s, Methods: presets("crt"), Seeds: []uint64{2}})
	runs[0].Manifest.Data.TrainSHA256 = "other"
	_, err := Comparison{Settings: s, Methods: presets("ce"), Seeds: []uint64{1, 2}, Earlier: runs}.Plan()
	require.ErrorContains(t, err, `crt (seed 2) and ce (seed 2) differ in data.train_sha256: "other`)
}

// The files that were written before there were folders of runs are read.
func TestOldFilesAreRead(t *testing.T) {
	for path, runs := range map[string]int{"../docs/results/methods/cifar10-lt.json": 11, "../docs/results/methods/caltech101.json": 5} {
		all, err := Read(path)
		require.NoError(t, err)
		require.Len(t, all, runs)
		_, err = NewTable(all, []string{"training.images_seen"}, true)
		require.NoError(t, err)
	}
}
