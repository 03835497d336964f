package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/stretchr/testify/require"
)

// tiny are the options of a comparison of a second.
const tiny = " --quick --size 8 --width 2 --embedding 8 --epochs 6 --batch 96 --floor 0 "

func comparison(t *testing.T, path string) experiment.File {
	t.Helper()
	return parseJSON[experiment.File](t, read(t, path))
}

// The same command line begins a comparison, and goes on with it where it was stopped, with files alone as with a folder.
func TestAComparisonWithAFileGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.json")
	line := "compare --methods ce,crt --seeds 1-2" + tiny + "--with " + path + " --json " + path
	code, log := stopAt("ce, seed 2: ", line)
	require.Equal(t, 130, code, "nothing but the file is kept")
	require.Contains(t, log, "context canceled")
	first := comparison(t, path)
	require.Len(t, first.Runs, 2)
	require.Contains(t, first.Error, "ce, seed 2: ")
	out, log := succeed(t, line)
	require.Regexp(t, `(?m)^ce, seed 1: from .*f.json\ncrt, seed 1: from .*f.json\n1/2  ce, seed 2: .*\n2/2  crt, seed 2: .*\n$`, log)
	require.Regexp(t, `^top-1 \(%\) +many +medium +few +all +images seen +seconds +parameters +augmentation\n`, out)
	require.Contains(t, out, " ± ")
	whole := comparison(t, path)
	require.Empty(t, whole.Error)
	require.Len(t, whole.Runs, 4)
	require.Len(t, whole.Pairs, 1)
	require.Equal(t, []uint64{1, 2}, whole.Pairs[0].Seeds)
	require.Regexp(t, `\n\ndifference in top-1 .* interval +p *\ncRT − CE +`, out)
	_, log = succeed(t, line)
	require.Equal(t, 4, strings.Count(log, ": from "), "nothing is left to train")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
	fail(t, failed, "ce is there twice with seed 1, and the two differ in training.learning_rate: ", line+" --lr 0.2")

	out, _ = succeed(t, "compare --methods none --show training.seed --with "+path)
	require.Contains(t, out, "training.seed")
	fail(t, unmet, "below --floor=100%: ce ", "compare --methods none --floor 100 --with "+path)
	out, _ = succeed(t, "compare --methods none --json - --with "+path)
	require.Equal(t, whole.Table, parseJSON[experiment.File](t, out).Table)
	require.Equal(t, whole.Pairs, parseJSON[experiment.File](t, out).Pairs)
}

// A folder keeps each run, and a comparison that is stopped in the middle of one goes on there.
func TestAComparisonInAFolderGoesOn(t *testing.T) {
	dir := t.TempDir()
	whole, parts := filepath.Join(dir, "whole"), filepath.Join(dir, "parts")
	line := "compare --methods ce,hybrid-sc" + tiny + "--out "
	succeed(t, line+whole)
	code, log := stopAt("hybrid-sc, seed 1: ", line+parts)
	require.Equal(t, stopped, code, log)
	require.Contains(t, log, "longtail compare --resume --out "+parts+" goes on")
	fail(t, usage, "add --resume", line+parts)
	_, log = succeed(t, "compare --methods none --with "+parts)
	require.Contains(t, log, "left out, not finished: "+filepath.Join(parts, "hybrid-sc-seed-1"))
	_, log = succeed(t, "compare --resume --out "+parts)
	require.Contains(t, log, "ce, seed 1: from "+filepath.Join(parts, "ce-seed-1", "report.json"))
	for _, run := range []string{"ce-seed-1", "hybrid-sc-seed-1"} {
		require.Equal(t, untimed(read(t, whole, run, "report.json")), untimed(read(t, parts, run, "report.json")), run)
		require.Equal(t, read(t, whole, run, "model.safetensors"), read(t, parts, run, "model.safetensors"), run)
	}
	out, _ := succeed(t, "compare --methods none --with "+parts)
	require.Contains(t, out, "Hybrid-SC")
}

// A second process is told who is at work.
func TestOneComparisonAtATime(t *testing.T) {
	path, dir := filepath.Join(t.TempDir(), "f.json"), t.TempDir()
	release, err := experiment.LockFile(path)
	require.NoError(t, err)
	fail(t, failed, path+" is in use by process ", "compare --methods ce"+tiny+"--json "+path)
	release()
	release, err = experiment.Lock(dir)
	require.NoError(t, err)
	fail(t, failed, dir+" is in use by process ", "compare --methods ce"+tiny+"--out "+dir)
	fail(t, failed, dir+" is in use by process ", "train --quick --epochs 1 --out "+dir)
	for _, command := range []string{"train", "compare --methods ce"} {
		fail(t, failed, dir+" is in use by process ", command+" --data missing --out "+dir) // before the data are read
	}
	release()
}

// Files that cannot be written or read are found before anything is trained.
func TestPathsAreCheckedFirst(t *testing.T) {
	dir := t.TempDir()
	fail(t, usage, "is a folder: name a file", "compare --data missing --json "+dir)
	fail(t, usage, "--json: open "+filepath.Join(dir, "missing", "f.json"), "compare --data missing --json "+filepath.Join(dir, "missing", "f.json"))
	fail(t, failed, "--with: ", "compare --quick --with "+filepath.Join(dir, "missing")+" --json "+filepath.Join(dir, "f.json"))
	fail(t, failed, "--with: ", "compare --methods none --json "+filepath.Join(dir, "f.json")+" --with "+filepath.Join(dir, "f.json"))
}

// Class folders, as they are, with the papers' views.
func TestDataOfOnesOwn(t *testing.T) {
	dir := t.TempDir()
	writeImages(t, filepath.Join(dir, "train"), 1, []int{20, 20, 20})
	writeImages(t, filepath.Join(dir, "test"), 2, []int{4, 4, 4})
	out, _ := succeed(t, "compare --size 32 --holdout 0.2 --methods ce,bcl --views paper --equal epochs --depth 8 --width 2 --epochs 1 --batch 24 --json - "+
		"--show training.images_seen,training.epochs --data", dir)
	f := parseJSON[experiment.File](t, out)
	require.Equal(t, []int{16, 16, 16}, f.Runs[0].Manifest.Data.TrainCounts)
	require.Equal(t, []int{4, 4, 4}, f.Runs[0].Manifest.Data.HeldOutCounts)
	require.Equal(t, []int64{48, 144}, []int64{f.Table[0].Images, f.Table[1].Images})
	require.Equal(t, []string{"crop+flip+autoaugment+cutout", "resizedcrop+flip+colorjitter+grayscale"}, f.Table[1].Augmentation)
}

func TestSeeds(t *testing.T) {
	all, err := seedsOf("seeds", "1-3, 9,18446744073709551614-18446744073709551615")
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 2, 3, 9, 18446744073709551614, 18446744073709551615}, all)
	for _, bad := range []string{"1-", "-3", "5-1", "a", "1,,2", "1-99999", "1-2-3", "0-18446744073709551615"} {
		fail(t, usage, "--seeds="+bad, "compare --quick --seeds="+bad+" --methods ce")
	}
}
