package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/stretchr/testify/require"
)

// archived writes photos as tar archives, train.tar and test.tar, and damages images of the training set.
func archived(t *testing.T, damaged ...int) (dir string) {
	from, dir := photos(t), t.TempDir()
	for _, part := range []string{"train", "test"} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		all, err := filepath.Glob(filepath.Join(from, part, "*", "*.png"))
		require.NoError(t, err)
		for i, path := range all {
			content := []byte(read(t, path))
			for _, bad := range damaged {
				if part == "train" && bad == i {
					content = content[:len(content)/2]
				}
			}
			for name, content := range map[string][]byte{"png": content, "cls": []byte(filepath.Base(filepath.Dir(path)))} {
				require.NoError(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%s-%d.%s", part, i, name), Mode: 0o644, Size: int64(len(content))}))
				_, err := w.Write(content)
				require.NoError(t, err)
			}
		}
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile(filepath.Join(dir, part+".tar"), b.Bytes(), 0o666))
	}
	return dir
}

// Archives train, are compared and evaluated, and go on as class folders do.
func TestTrainOnArchives(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, run := archived(t), filepath.Join(t.TempDir(), "run")
	out, _ := succeed(t, "data --json "+dir)
	a := parseJSON[advised](t, out)
	require.Equal(t, "tar shards", a.Kind)
	require.Equal(t, []int{40, 14, 5}, a.Parts[0].Counts)
	_, log := succeed(t, "train --data "+dir+small+"--out", run)
	require.Contains(t, log, "derived: training set: 59 images in 3 classes of train.tar")
	require.Contains(t, log, "derived: size 16")
	require.Contains(t, log, "derived: profile natural")
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	for _, words := range []string{run, run + " " + dir, run + " " + filepath.Join(dir, "test.tar")} {
		out, _ := succeed(t, "evaluate --json "+words)
		e := parseJSON[experiment.Evaluation](t, out)
		require.Equal(t, 15, e.Images)
		require.InDelta(t, *r.Top1, 100*float64(e.Top1), 1e-3)
	}
	for path, want := range map[string]string{dir: "59 images", filepath.Join(dir, "test.tar"): "15 images"} {
		out, _ := succeed(t, "embed --thumbnails 0 -o "+filepath.Join(t.TempDir(), "e.npy")+" "+run, path)
		require.Contains(t, out, want)
	}
	_, log = succeed(t, "train --resume --out", run)
	require.NotContains(t, log, "epoch 1/")
	succeed(t, "compare --methods ce --equal epochs --data "+filepath.Join(dir, "train.tar")+small)
	succeed(t, "train --backbone resnet --size 32 --depth 18 --width 2 --epochs 1 --batch 8 --limit 1 --data "+dir+" --out", filepath.Join(t.TempDir(), "run"))
}

// What cannot be read in an archive is left out by its offset.
func TestSkipBadOfArchives(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, run := archived(t, 3, 50), filepath.Join(t.TempDir(), "run")
	fail(t, unmet, "2 files that cannot be read", "data "+dir)
	fail(t, failed, "train.tar", "train --data "+dir+small+"--out "+run)
	_, log := succeed(t, "train --skip-bad --data "+dir+small+"--out", run)
	require.Contains(t, log, "left out, by class: disc-0 1, disc-1 1")
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	require.Len(t, r.Manifest.Data.LeftOut, 2)
	require.Contains(t, r.Manifest.Data.LeftOut[0], "train.tar@")
	require.Equal(t, []int{39, 13, 5}, r.Manifest.Data.TrainCounts)
	_, log = succeed(t, "train --resume --out", run)
	require.NotContains(t, log, "epoch 1/")
}

func TestParquetIsRefusedByName(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train-00000-of-00001.parquet"), []byte("PAR1"), 0o666))
	for _, words := range []string{"data " + dir, "train" + small + "--data " + dir, "data " + filepath.Join(dir, "train-00000-of-00001.parquet")} {
		fail(t, failed, "examples/parquet", words)
	}
}
