package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/manifest"
)

// tellNoEffect writes which options that were given change nothing, and why, and which samples are dropped.
func tellNoEffect(c *console, options []string, runs []manifest.Manifest) {
	for _, text := range options {
		fmt.Fprintln(c.log, "no effect:", text)
	}
	var dropped []string
	for _, m := range runs {
		text := fmt.Sprintf("%s %d, which make no whole step of %d", m.Training.Method, m.Training.Dropped, m.Training.Batch*m.Training.Accumulate)
		if m.Training.Dropped > 0 && !slices.Contains(dropped, text) {
			dropped = append(dropped, text)
		}
	}
	if dropped != nil {
		fmt.Fprintln(c.log, "dropped samples of each epoch:", strings.Join(dropped, "; "))
	}
}

// noEffect lists options that change nothing in any of the runs.
func (f setup) noEffect(runs []manifest.Manifest) (all []string) {
	every := func(is func(manifest.Manifest) bool) bool {
		return len(runs) > 0 && !slices.ContainsFunc(runs, func(m manifest.Manifest) bool { return !is(m) })
	}
	if f.SkipBad && f.Quick {
		all = append(all, "--skip-bad: generated images are no files")
	}
	if f.AllowMissing && every(func(m manifest.Manifest) bool {
		return !slices.Contains(m.Data.TestCounts, 0) && !slices.Contains(m.Data.HeldOutCounts, 0)
	}) {
		all = append(all, "--allow-missing: no class is absent")
	}
	if f.Embedding != 0 && every(func(m manifest.Manifest) bool { return m.Network.Projection == "" }) {
		all = append(all, "--embedding: no method here has embeddings")
	}
	if f.HashAll && every(func(m manifest.Manifest) bool { return !strings.HasPrefix(m.Data.TrainContent, "names") }) {
		all = append(all, "--hash-all: these images are in memory, and all hashed")
	}
	return all
}

// noEffect lists options of train alone that change nothing.
func (t *trainCmd) noEffect(d *experiment.Data, r *experiment.Run) []string {
	all := t.setup.noEffect([]manifest.Manifest{r.Manifest})
	if t.Choose != "" && t.Choose != "last" && !r.Choose {
		all = append(all, fmt.Sprintf("--choose: the second stage of %s begins with the last weights", r.Method))
	}
	if t.Holdout != nil && *t.Holdout > 0 && d.Settings.Holdout == 0 {
		all = append(all, "--holdout: the validation set takes its place")
	}
	if t.EvalEvery != nil && *t.EvalEvery == 0 && r.Choose {
		all = append(all, "--eval-every=0: to choose the best epoch each is evaluated")
	}
	if steps := d.Train.Len() / (r.Manifest.Training.Batch * r.Manifest.Training.Accumulate); t.Limit > 0 && t.Limit >= steps {
		all = append(all, fmt.Sprintf("--limit: an epoch has %d steps", steps))
	}
	return all
}
