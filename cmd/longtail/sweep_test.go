package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/experiment"
)

// A sweep is stopped, goes on, and what it chose is trained by train --set and tested by evaluate.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "sweep")
	words := "sweep --quick --size 8 --width 2 --batch 96 --epochs 3 --method hybrid-psc --set own=true,false --set lr=0.1 --out " + out
	code, log := stopAt("2/2  own=false,lr=0.1, seed 1, 3 epochs: ", words)
	require.Equal(t, stopped, code, log)
	require.Contains(t, log, "longtail sweep --resume --out "+out+" goes on")
	fail(t, usage, "add --resume", words)
	fail(t, usage, "only --out, --json", "sweep --resume --epochs 4 --out "+out)
	text, log := succeed(t, "sweep --resume --out "+out)
	require.Contains(t, log, "2 combinations for 3 epochs\n")
	require.Regexp(t, `^own +lr +epochs +balanced \(%\)`, text)
	require.Regexp(t, `\nchosen: own=(true|false),lr=0.1\n$`, text)
	json, _ := succeed(t, "sweep --json --resume --out "+out)
	r := parseJSON[experiment.SweepResult](t, json)
	require.Len(t, r.Trials, 2)
	require.Len(t, r.Chosen, 2)
	require.Equal(t, 6, r.Epochs)
	require.Equal(t, r.Trials, parseJSON[experiment.SweepResult](t, read(t, out, experiment.SweepFile)).Trials)
	fail(t, failed, "accuracy on a test set", "compare --methods none --with "+filepath.Join(out, "3-epochs", "own=true_lr=0.1_seed=1"))
	text, _ = succeed(t, "evaluate "+filepath.Join(out, "3-epochs", "own=true_lr=0.1_seed=1"))
	require.Contains(t, text, "the run's test set: 500 images")

	// The same settings by train, on the same images, are the same weights.
	succeed(t, "train --quick --size 8 --width 2 --batch 96 --epochs 3 --method hybrid-psc --choose last --eval-every 0 --holdout 0.1 --set own=true,lr=0.1 --out "+filepath.Join(dir, "run"))
	a, _ := succeed(t, "evaluate --json "+filepath.Join(dir, "run"))
	b, _ := succeed(t, "evaluate --json "+filepath.Join(out, "3-epochs", "own=true_lr=0.1_seed=1"))
	require.Equal(t, a, b)
}

func TestSweepOptions(t *testing.T) {
	for options, want := range map[string]string{
		"--quick":                               "needs settings to try",
		"--quick --set tau":                     "tau=0.05,0.1",
		"--quick --set tau=0.5,x":               `"x"`,
		"--quick --set own=true":                "logit-adjusted.tau",
		"--quick --set tau=1,2 --budget x":      "--budget=x",
		"--quick --set tau=1,2 --budget 0":      "--budget=0",
		"--quick --set tau=1,2 --budget 1":      "too small",
		"--quick --set tau=1,2 --budget 9epoch": "--budget=9epoch",
		"--quick --set tau=1,2 --holdout 0":     "holdout",
		"--quick --set tau=1,2 --seeds 2,2":     "seed 2",
		"--set tau=1":                           "--data",
		"--resume":                              "needs --out",
	} {
		code, _, log := line("sweep " + options)
		require.Contains(t, []int{usage, failed}, code, options)
		require.Contains(t, log, want, options)
	}
	fail(t, usage, "--set", "train --quick --set tau")
	fail(t, usage, "no value", "train --quick --set tau=")
}
