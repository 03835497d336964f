package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/stretchr/testify/require"
)

// classFolders writes generated images as class folders of JPEG files.
func classFolders(t *testing.T) string {
	dir := t.TempDir()
	trainSet, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, PerClass: 40, TestPerClass: 5})
	require.NoError(t, err)
	for part, set := range map[string]*dataset.Memory{"train": trainSet, "test": test} {
		var img dataset.Image
		for i := range set.Len() {
			require.NoError(t, set.Image(i, &img))
			picture := image.NewRGBA(image.Rect(0, 0, img.Width, img.Height))
			for p := range img.Width * img.Height {
				picture.Set(p%img.Width, p/img.Width, color.RGBA{img.Pix[3*p], img.Pix[3*p+1], img.Pix[3*p+2], 255})
			}
			path := filepath.Join(dir, part, set.Classes()[set.Label(i)], fmt.Sprintf("%04d.jpg", i))
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			var buffer bytes.Buffer
			require.NoError(t, jpeg.Encode(&buffer, picture, nil))
			require.NoError(t, os.WriteFile(path, buffer.Bytes(), 0o644))
		}
	}
	return dir
}

// do runs the program with the flags of a run of a second, and others.
func do(ctx context.Context, log *stopper, data string, more ...string) (out string, err error) {
	s, err := parse(append([]string{"-data", data, "-size", "16", "-depth", "8", "-width", "4", "-imbalance", "8", "-epochs", "3", "-batch", "8",
		"-lr", "0.02", "-limit", "2"}, more...))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = run(ctx, s, &b, log)
	return b.String(), err
}

// stopper is a log that stops the run at its first line.
type stopper struct{ stop func() }

func (s *stopper) Write(p []byte) (int, error) {
	s.stop()
	return len(p), nil
}

var quiet = &stopper{func() {}}

func reportOf(t *testing.T, path string) (r experiment.Report) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

func TestEveryMethodRunsAndReports(t *testing.T) {
	data := classFolders(t)
	for method, images := range map[string]int{"ce": 8, "ce-balanced": 8, "hybrid-sc": 24, "hybrid-psc": 24} {
		file := filepath.Join(t.TempDir(), "run.json")
		out, err := do(context.Background(), quiet, data, "-method", method, "-select", "first", "-json", file)
		require.NoError(t, err)
		require.Contains(t, out, "59 training images in 3 classes, 15 test images")
		require.Contains(t, out, "top-1 (%)")
		r := reportOf(t, file)
		require.Equal(t, 3*2*images, r.Images)
		require.Len(t, r.History, 3)
		require.Len(t, r.PerClass, 3)
		require.Equal(t, *r.Top1, *r.History[2].Top1)
		require.Equal(t, manifest.LastEpoch, r.Weights)
		require.Nil(t, r.Many, "no class has more than 100 images")
		require.InDelta(t, 0.0002, r.History[2].LR, 1e-12, "cut after epochs 2 and 3, of 3")
		left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
		require.NoError(t, err)
		require.Equal(t, []string{file}, left)
	}
}

func TestARunThatIsStoppedGoesOn(t *testing.T) {
	data, whole, parts := classFolders(t), t.TempDir(), t.TempDir()
	flags := []string{"-method", "hybrid-psc", "-ema", "0.9", "-holdout", "0.2", "-every", "1", "-resume", "-out"}
	_, err := do(context.Background(), quiet, data, append(flags, whole)...)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = do(ctx, &stopper{cancel}, data, append(flags, parts)...)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, reportOf(t, filepath.Join(parts, "report.json")).Interrupted)
	_, err = do(context.Background(), quiet, data, append(flags, parts)...)
	require.NoError(t, err)
	a, b := reportOf(t, filepath.Join(whole, "report.json")), reportOf(t, filepath.Join(parts, "report.json"))
	require.Equal(t, a.Figures, b.Figures)
	require.Equal(t, manifest.BestHeldOut, a.Weights)
	require.NotNil(t, a.Top1EMA)
	require.Equal(t, []int{40, 14, 5}, a.TrainCounts, "many, medium and few go by the tail before the split")
	for _, name := range []string{"model.safetensors", "ema.safetensors"} {
		x, err := os.ReadFile(filepath.Join(whole, name))
		require.NoError(t, err)
		y, err := os.ReadFile(filepath.Join(parts, name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(x, y), name)
	}
	_, err = do(context.Background(), quiet, data, append(flags, parts, "-lr", "0.1")...)
	require.ErrorContains(t, err, "another run")
}

func TestMilestonesAndWarmUp(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.json")
	_, err := do(context.Background(), quiet, classFolders(t), "-method", "ce", "-epochs", "7", "-warmup", "2", "-milestones", "3,6", "-json", file)
	require.NoError(t, err)
	for i, want := range []float64{0.005, 0.015, 0.02, 0.002, 0.002, 0.002, 0.0002} {
		require.InDelta(t, want, reportOf(t, file).History[i].LR, 1e-9, i)
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for want, args := range map[string][]string{
		"-data is required: the folder of CIFAR-10 or CIFAR-100 (binary version), or of train and test class folders": {},
		"-tau has no meaning with -method ce":                           {"-data", "x", "-method", "ce", "-tau", "0.1"},
		"-own has no meaning with -method hybrid-sc":                    {"-data", "x", "-own"},
		"-tau 0 must be above 0":                                        {"-data", "x", "-tau", "0"},
		"-imbalance and -select have no meaning with -profile natural":  {"-data", "x", "-profile", "natural", "-imbalance", "10"},
		`-milestones "3,x": "x" is not an epoch from 1 to 199`:          {"-data", "x", "-milestones", "3,x"},
		`unexpected argument "more": all settings are flags`:            {"-data", "x", "more"},
		"ema is 1: it must be":                                          {"-data", "x", "-ema", "1"},
		"-resume, -every and -holdout need -out: the folder of the run": {"-data", "x", "-holdout", "0.1"},
		"holdout is 1: it must be":                                      {"-data", "x", "-out", "y", "-holdout", "1"},
		"-every 0 must be at least 1":                                   {"-data", "x", "-out", "y", "-every", "0"},
		"epochs is 0: it must be at least 1":                            {"-data", "x", "-epochs", "0"},
		"-warmup 201 must be from 0 to -epochs, 200":                    {"-data", "x", "-warmup", "201"},
		`profile "tail" is not one of exp, step, natural`:               {"-data", "x", "-profile", "tail"},
		`-method "sc" is not ce, ce-balanced, hybrid-sc or hybrid-psc`:  {"-data", "nowhere", "-method", "sc"},
		"open " + filepath.Join("nowhere", "run.json."):                 {"-data", "nowhere", "-json", filepath.Join("nowhere", "run.json")},
		"nowhere": {"-data", "nowhere"},
	} {
		s, err := parse(args)
		if err == nil {
			err = run(context.Background(), s, &bytes.Buffer{}, quiet)
		}
		require.ErrorContains(t, err, want)
	}
}

func TestTheLearningRateFollowsTheBatch(t *testing.T) {
	for _, c := range []struct {
		args []string
		want float64
	}{{nil, 0.5}, {[]string{"-batch", "64"}, 0.0625}, {[]string{"-batch", "64", "-lr", "0.5"}, 0.5}} {
		s, err := parse(append([]string{"-data", "x"}, c.args...))
		require.NoError(t, err)
		require.Equal(t, c.want, s.LR)
	}
}
