package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/stretchr/testify/require"
)

// stopper cancels at a line of the log that has a text.
type stopper struct {
	bytes.Buffer
	at     string
	cancel context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.at) {
		s.cancel()
	}
	return s.Buffer.Write(p)
}

// stopAt runs a command line until its log has a text.
func stopAt(text, line string, more ...string) (code int, log string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	code, _, log = lineUntil(ctx, &stopper{at: text, cancel: cancel}, line, more...)
	return code, log
}

// A run that is stopped says how to go on, and ends with the files of one that was not.
func TestAStoppedRunGoesOn(t *testing.T) {
	data, whole, parts := photos(t), filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "my parts")
	out, log := succeed(t, "train --method hybrid-psc --data"+" "+data+small+"--out", whole)
	require.Contains(t, log, "derived: size 16")
	require.Contains(t, log, "derived: profile natural: the classes have 5 to 40 images")
	require.Contains(t, log, "test ")
	require.Contains(t, out, "longtail evaluate "+whole)

	code, log := stopAt("epoch 1/3  lr", "train --method hybrid-psc --data "+data+small+"--every 2 --out", parts)
	require.Equal(t, stopped, code, log)
	require.Contains(t, log, "longtail train --resume --out '"+parts+"' goes on")
	r := parseJSON[experiment.Report](t, read(t, parts, "report.json"))
	require.True(t, r.Interrupted)
	fail(t, usage, "add --resume to go on with it", "train --data "+data+small+"--out", parts)
	fail(t, usage, "goes on by the options that the run was begun with", "train --resume --seed 4 --out", parts)
	fail(t, failed, "(--override=epochs goes on all the same)", "train --resume --epochs 4 --out", parts)
	out, _ = succeed(t, "train --resume --json --out", parts)
	require.Equal(t, untimed(read(t, whole, "report.json")), untimed(out))
	require.Equal(t, untimed(read(t, whole, "report.json")), untimed(read(t, parts, "report.json")))
	require.Equal(t, read(t, whole, "model.safetensors"), read(t, parts, "model.safetensors"))
	out, _ = succeed(t, "train --resume --json --method hybrid-psc --data "+data+small+"--out", parts) // nothing is left to do
	require.Equal(t, untimed(read(t, whole, "report.json")), untimed(out))
	fail(t, failed, "has another run", "train --resume --method hybrid-psc --decay 0.5 --data "+data+small+"--out", parts)
}

// --override lets a finished run go further, once: it is that run from then on.
func TestAnOverriddenRunGoesFurther(t *testing.T) {
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	succeed(t, "train --data "+data+small+"--out", run)
	fail(t, usage, "--override says what may differ from a run that --resume goes on with", "train --override cpu --data "+data+small+"--out", run)
	fail(t, usage, `"steps" is not epochs, cpu or eval-batch`, "train --resume --override epochs,steps --out", run)
	fail(t, failed, "(--override=epochs,eval-batch goes on all the same)", "train --resume --epochs 4 --eval-batch 5 --out", run)
	out, log := succeed(t, "train --resume --override epochs,cpu --epochs 4 --out", run)
	require.Contains(t, out, "not bit for bit from step ")
	require.Contains(t, log, "no effect: --override=cpu")
	require.NotContains(t, log, "--override=epochs")
	out, _ = succeed(t, "train --resume --json --out", run)
	r := parseJSON[experiment.Report](t, out)
	require.Len(t, r.History, 4)
	require.Len(t, r.Manifest.NotBitForBit, 1)
	require.Contains(t, r.Manifest.NotBitForBit[0].Changes, "training.epochs: 3, 4")

	all := filepath.Join(t.TempDir(), "all")
	succeed(t, "compare --methods ce,focal"+tiny+"--out", all)
	fail(t, failed, "(--override=epochs goes on all the same)", "compare --resume --epochs 9 --out", all)
	_, log = succeed(t, "compare --resume --override epochs,eval-batch --epochs 9 --out", all)
	require.Contains(t, log, "no effect: --override=eval-batch")
	require.NotContains(t, log, "--override=epochs")
	for _, name := range []string{"ce", "focal"} {
		r := parseJSON[experiment.Report](t, read(t, all, name+"-seed-1", "report.json"))
		require.Len(t, r.Manifest.NotBitForBit, 1)
		require.Equal(t, 9, r.Manifest.Training.Epochs)
	}
}

// Where there are images to choose by, the best epoch is kept.
func TestTheBestEpochIsKept(t *testing.T) {
	data := photos(t)
	writeImages(t, filepath.Join(data, "val"), 3, []int{4, 4, 4})
	dir := t.TempDir()
	report := func(name, more string) experiment.Report {
		out, _ := succeed(t, "train --json --data "+data+small+more+" --out", filepath.Join(dir, name))
		return parseJSON[experiment.Report](t, out)
	}
	r := report("best", "")
	require.Equal(t, manifest.BestHeldOut, r.Weights)
	require.NotNil(t, r.Last)
	require.NotNil(t, r.HeldOut)
	require.Equal(t, []int{4, 4, 4}, r.Manifest.Data.HeldOutCounts)
	require.Equal(t, manifest.LastEpoch, report("last", "--choose last").Weights)
	require.Equal(t, manifest.LastEpoch, report("second stage", "--method crt").Weights)
	require.NoError(t, os.RemoveAll(filepath.Join(data, "val")))
	require.Equal(t, manifest.BestHeldOut, report("held out", "--holdout 0.2 --ema 0.9").Weights)
	_, _, err := hybrid.Open(filepath.Join(dir, "held out", "ema.safetensors"))
	require.NoError(t, err)
	require.Equal(t, manifest.LastEpoch, report("nothing", "").Weights)
	r = report("balanced", "--holdout 0.3 --choose balanced --patience 2 --epochs 40")
	require.Less(t, len(r.History), 40)
	require.Equal(t, len(r.History)-1, *r.Last.Epoch)
}

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct{ want, line string }{
		{"give either --data", "train"},
		{"give either --data", "train --quick --data x"},
		{"unexpected argument", "train --quick table"},
		{"--method must be one of", "train --quick --method boosting"},
		{"--cuts=3,x", "train --quick --cuts 3,x"},
		{"no meaning with --profile=natural", "train --quick --profile natural --imbalance 10"},
		{"--warmup has no meaning with --recipe=paper", "train --quick --recipe paper --warmup 0"},
		{"epochs is -1", "train --quick --epochs=-1"},
		{"--every=-1", "train --quick --every=-1"},
		{"--resume needs --out", "train --resume"},
		{"has no settings.json", "train --resume --out nowhere"},
		{`there is no "boosting", only ce, `, "compare --quick --methods ce,boosting"},
		{"ce is there twice", "compare --quick --methods ce,ce"},
		{`--seeds=1,x: "x" is neither`, "compare --quick --seeds 1,x"},
		{"seed 1 is there twice", "compare --quick --methods ce --seeds 1,1"},
		{"--equal must be one of", "compare --quick --equal steps"},
		{"views paper is for images of size 32, not 16", "compare --quick --views paper"},
		{"epochs 100 and batch 48 must be multiples of 3", "compare --quick --epochs 100"},
		{`"budget" is no field of a manifest`, "compare --quick --show budget"},
		{"--methods=none makes a table of earlier runs", "compare --methods none"},
		{"--methods=none trains nothing", "compare --methods none --with x --seeds 1"},
		{"recipe paper trains every method for as many epochs", "compare --quick --recipe paper --methods ce"},
		{"no recipe for crt, supcon", "compare --quick --recipe paper --equal epochs --methods ce,crt,supcon"},
		{"goes on by the options that the comparison was begun with", "compare --resume --out x --methods ce"},
		{"--top=0 must be at least 1", "predict x y --top 0"},
		{`expected "<data>"`, "data"},
		{"<shell> must be one of", "completion csh"},
	} {
		fail(t, usage, c.want, c.line)
	}
	fail(t, failed, "no known data set in", "train --data "+t.TempDir())
	fail(t, failed, "patience waits for a better epoch", "train --quick --patience 2 --out "+filepath.Join(t.TempDir(), "run"))
	fail(t, failed, "tau-norm chooses its exponent", "compare --quick --holdout 0 --methods tau-norm")
}

// Options that change nothing are told, and so are samples that make no whole step.
func TestWhatHasNoEffectIsTold(t *testing.T) {
	data := photos(t)
	run := func(words string) string {
		_, log := succeed(t, "train --data "+data+small+words+" --out "+filepath.Join(t.TempDir(), "run"))
		return log
	}
	log := run("--embedding 8 --limit 500")
	for _, want := range []string{"--embedding: no method", "--limit: an epoch has 7 steps", "dropped samples of each epoch: logit-adjusted 3, which make no whole step of 8"} {
		require.Contains(t, log, want)
	}
	log = run("--accumulate 3 --limit 2")
	for _, want := range []string{"--limit: an epoch has 2 steps", "logit-adjusted 11, which make no whole step of 24"} {
		require.Contains(t, log, want)
	}
	log = run("--holdout 0.2 --choose best --method crt")
	require.Contains(t, log, "no effect: --choose: the second stage of crt")
	log = run("--method hybrid-sc --embedding 8")
	require.NotContains(t, log, "no effect")
	log = run("--holdout 0.2 --eval-every 0")
	require.Contains(t, log, "no effect: --eval-every=0")
	require.NoError(t, os.CopyFS(filepath.Join(data, "val"), os.DirFS(filepath.Join(data, "test"))))
	log = run("--holdout 0.2")
	require.Contains(t, log, "no effect: --holdout: the validation set")
	_, log = succeed(t, "compare --methods ce --hash-all"+tiny)
	require.Contains(t, log, "no effect: --hash-all")
	require.Contains(t, log, "no effect: --embedding")
}

// Bad files are listed by one check, left out, and named in the manifest; a class without others ends it.
func TestBadFilesAreSkipped(t *testing.T) {
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	bad := []string{filepath.Join(data, "train", "disc-0", "000.png"), filepath.Join(data, "train", "disc-1", "001.png"), filepath.Join(data, "test", "disc-0", "000.png")}
	for _, path := range bad {
		require.FileExists(t, path)
		require.NoError(t, os.WriteFile(path, nil, 0o666))
	}
	fail(t, failed, "--skip-bad leaves these out", "train --data "+data+small+"--out", run)
	fail(t, unmet, "3 files that cannot be read", "data "+data)
	out, _ := succeed(t, "data --skip-bad "+data)
	require.Contains(t, out, "cannot be read: "+bad[0])
	require.Contains(t, out, "--skip-bad")
	_, log := succeed(t, "train --skip-bad --data "+data+small+"--out", run)
	for _, path := range bad {
		require.Equal(t, 1, strings.Count(log, path), log)
	}
	require.Contains(t, log, "left out, by class: disc-0 2, disc-1 1")
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	require.Equal(t, []string{"train/disc-0/000.png", "train/disc-1/001.png", "test/disc-0/000.png"}, r.Manifest.Data.LeftOut)
	require.Equal(t, []int{39, 13, 5}, r.TrainCounts)
	succeed(t, "train --resume --out", run)
	out, _ = succeed(t, "evaluate --json "+run)
	require.Equal(t, 14, parseJSON[experiment.Evaluation](t, out).Images)
	_, log = succeed(t, "compare --skip-bad --methods ce --epochs 1 --equal epochs --holdout 0 --depth 8 --width 2 --batch 8 --data "+data)
	require.Contains(t, log, "left out, by class: disc-0 2, disc-1 1")

	for i := range 5 {
		require.NoError(t, os.WriteFile(filepath.Join(data, "train", "square-2", fmt.Sprintf("00%d.png", i)), nil, 0o666))
	}
	fail(t, failed, `no image of class "square-2" can be read`, "train --skip-bad --data "+data+small+"--out", run+"2")
	fail(t, unmet, "no image of class square-2 can be read", "data --skip-bad "+data)
}

func TestATestSetThatLacksAClass(t *testing.T) {
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	require.NoError(t, os.RemoveAll(filepath.Join(data, "test", "disc-1")))
	fail(t, failed, "--allow-missing", "train --data "+data+small+"--out", run)
	out, _ := succeed(t, "data "+data)
	require.Contains(t, out, "--allow-missing")
	_, log := succeed(t, "train --allow-missing --data "+data+small+"--out", run)
	require.NotContains(t, log, "no effect")
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	require.Nil(t, r.PerClass[1])
	out, _ = succeed(t, "evaluate "+run)
	require.Regexp(t, `(?m)^disc-1 +14 +0 +n/a$`, out)
}
