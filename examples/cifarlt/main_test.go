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

func TestEveryMethodRunsAndReports(t *testing.T) {
	data := classFolders(t)
	for method, images := range map[string]int{"ce": 8, "ce-balanced": 8, "hybrid-sc": 24, "hybrid-psc": 24} {
		t.Run(method, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "run.json")
			s, err := parse([]string{"-data", data, "-size", "16", "-depth", "8", "-width", "4", "-imbalance", "8", "-method", method,
				"-epochs", "3", "-batch", "8", "-lr", "0.05", "-limit", "2", "-select", "first", "-json", file})
			require.NoError(t, err)
			var out, log bytes.Buffer
			require.NoError(t, run(context.Background(), s, &out, &log))
			require.Contains(t, out.String(), "59 training images in 3 classes, [40 14 5]; 15 test images")
			require.Contains(t, out.String(), "top-1 (%)")
			require.Equal(t, 4, bytes.Count(log.Bytes(), []byte("\n")), "a line each epoch, one of progress in the end:\n%s", log.String())
			require.Contains(t, log.String(), "ETA 0s")

			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var r report
			require.NoError(t, json.Unmarshal(text, &r))
			require.Equal(t, 3*2*images, r.Images)
			require.Positive(t, r.ImagesPerSecond)
			require.Len(t, r.History, 3)
			require.Len(t, r.PerClass, 3)
			require.Equal(t, *r.Top1, *r.History[2].Top1)
			require.Equal(t, manifest.LastEpoch, r.Weights)
			require.Equal(t, 2, *r.Epoch)
			require.Nil(t, r.Last)
			require.Equal(t, int64(r.Images), r.Manifest.Training.ImagesSeen)
			require.Equal(t, "class folders", r.Manifest.Data.Name)
			require.Equal(t, "exp, imbalance 8, first, seed 1", r.Manifest.Data.Profile)
			require.Nil(t, r.Many, "no class has more than 100 images")
			require.NotNil(t, r.Few)
			require.Equal(t, []int{1, 2}, r.Settings.Milestones)
			require.InDelta(t, 0.0005, r.History[2].LR, 1e-12)
			require.Contains(t, r.History[0].Losses, "ce")
			if method == "hybrid-psc" {
				require.Less(t, *r.PrototypeCosine, 1.0)
			} else {
				require.Nil(t, r.PrototypeCosine)
			}
			if images == 24 {
				require.Len(t, r.History[0].Losses, 2)
				require.InDelta(t, 1-4.0/9, *r.History[2].Alpha, 1e-12)
				require.Equal(t, map[string]float64{"hybrid-sc": 0.1, "hybrid-psc": 1}[method], r.Settings.Tau)
			} else {
				require.Nil(t, r.History[0].Alpha)
				require.Zero(t, r.Settings.Tau)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
			require.NoError(t, err)
			require.Equal(t, []string{file}, left)
		})
	}
}

func TestAnInterruptedRunReportsWhatItReached(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.json")
	s, err := parse([]string{"-data", classFolders(t), "-size", "16", "-depth", "8", "-width", "4", "-imbalance", "8", "-method", "ce",
		"-epochs", "1000", "-batch", "8", "-lr", "0.05", "-json", file})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	log := writer(func() { cancel() }) // at the line of the first epoch
	require.ErrorIs(t, run(ctx, s, &bytes.Buffer{}, log), context.Canceled)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var r report
	require.NoError(t, json.Unmarshal(text, &r))
	require.True(t, r.Interrupted)
	require.Equal(t, 0, *r.Epoch)
	require.Len(t, r.History, 1)
}

type writer func()

func (w writer) Write(p []byte) (int, error) {
	w()
	return len(p), nil
}

func TestFlagsAreChecked(t *testing.T) {
	for want, args := range map[string][]string{
		"-data is required: the folder of CIFAR-10 or CIFAR-100 (binary version), or of train and test class folders": {},
		"-tau has no meaning with -method ce":                                                        {"-data", "x", "-method", "ce", "-tau", "0.1"},
		"-own has no meaning with -method hybrid-sc":                                                 {"-data", "x", "-own"},
		"-tau 0 must be above 0":                                                                     {"-data", "x", "-tau", "0"},
		"-imbalance and -select have no meaning with -profile natural":                               {"-data", "x", "-profile", "natural", "-imbalance", "10"},
		`-milestones "3,x": "x" is not a number of epochs`:                                           {"-data", "x", "-milestones", "3,x"},
		`unexpected argument "more": all settings are flags`:                                         {"-data", "x", "more"},
		"-ema 1 must be above 0 and below 1":                                                         {"-data", "x", "-ema", "1"},
		"-resume, -every and -holdout need -out: the folder of the run, which keeps its checkpoints": {"-data", "x", "-holdout", "0.1"},
		"-holdout 1 must be above 0 and below 1":                                                     {"-data", "x", "-out", "y", "-holdout", "1"},
		"-every 0 must be at least 1":                                                                {"-data", "x", "-out", "y", "-every", "0"},
		"-epochs 0, -batch 512 and -eval-every 1 must be at least 1, -limit 0 not negative":          {"-data", "x", "-epochs", "0"},
	} {
		_, err := parse(args)
		require.EqualError(t, err, want)
	}
}

func TestSettingsAreCheckedBeforeTheDataAreRead(t *testing.T) {
	for want, args := range map[string][]string{
		`-method "sc" is not ce, ce-balanced, hybrid-sc or hybrid-psc`: {"-method", "sc"},
		`-profile "tail" is not exp, step or natural`:                  {"-profile", "tail"},
		`-select "last" is not shuffle or first`:                       {"-select", "last"},
	} {
		s, err := parse(append([]string{"-data", "nowhere"}, args...))
		require.NoError(t, err)
		require.EqualError(t, run(context.Background(), s, &bytes.Buffer{}, &bytes.Buffer{}), want)
	}
	s, err := parse([]string{"-data", "nowhere", "-json", filepath.Join("nowhere", "run.json")})
	require.NoError(t, err)
	require.ErrorContains(t, run(context.Background(), s, &bytes.Buffer{}, &bytes.Buffer{}), "-json: open "+filepath.Join("nowhere", "run.json."))
	s, err = parse([]string{"-data", classFolders(t), "-imbalance", "0.5"})
	require.NoError(t, err)
	require.ErrorContains(t, run(context.Background(), s, &bytes.Buffer{}, &bytes.Buffer{}), "imbalance factor 0.5 must be at least 1")
}
