package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/report"
)

type watchCmd struct {
	Dir   string        `arg:"" name:"run" help:"Folder of a run that is being trained, here or by another program."`
	Every time.Duration `help:"How often its files are looked at." default:"2s" placeholder:"TIME"`
}

func (watchCmd) Help() string {
	return `A line for each epoch, those before included, and small plots where the terminal can show them. It ends when the run does: with 0 if
that is finished, with 1 if it ended early. It only reads.

` + example("longtail watch runs/first")
}

// Run follows the files of a run.
func (w *watchCmd) Run(ctx context.Context, c *console) error {
	if w.Every < 10*time.Millisecond {
		return misused("--every=%v must be at least 10ms", w.Every)
	}
	if !experiment.Exists(w.Dir) {
		return fmt.Errorf("%s is not the folder of a run: it has no manifest.json", w.Dir)
	}
	told := 0
	for {
		over, err := w.over() // before the figures, which are complete by then
		if err != nil {
			return err
		}
		if told, err = w.tell(c, told); err != nil {
			return err
		}
		if over != nil {
			return over(c)
		}
		select {
		case <-ctx.Done():
			return nil // the watching ends, not the run
		case <-time.After(w.Every):
		}
	}
}

// tell writes the epochs from the given one on, and returns how many there are.
func (w *watchCmd) tell(c *console, from int) (epochs int, err error) {
	curves, err := report.ReadCurves(filepath.Join(w.Dir, "metrics.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return from, nil
	}
	if err != nil {
		return from, err
	}
	points := curves["loss"]
	for _, p := range points[min(from, len(points)):] {
		fmt.Fprintln(c.out, epochLine(curves, p.At, w.planned()))
	}
	if len(points) > from && canPlot(c.out) {
		for _, line := range (&trends{curves: curves, painter: newPainter(c.out), columns: c.out.Columns()}).lines() {
			fmt.Fprintln(c.out, line)
		}
	}
	return max(from, len(points)), nil
}

// epochLine says what an epoch was, as training does.
func epochLine(c report.Curves, epoch, of int) string {
	at := func(name string) (float64, bool) {
		for _, p := range c[name] {
			if p.At == epoch {
				return p.Value, true
			}
		}
		return 0, false
	}
	line := fmt.Sprintf("epoch %d", epoch+1)
	if of > 0 {
		line += fmt.Sprintf("/%d", of)
	}
	for _, f := range []struct {
		figure, format string
		factor         float64
	}{{"lr", "  lr %.4g", 1}, {"loss", "  loss %.4f", 1}} {
		if v, ok := at(f.figure); ok {
			line += fmt.Sprintf(f.format, f.factor*v)
		}
	}
	for _, name := range sortedKeys(c) {
		if term, ok := strings.CutPrefix(name, "loss/"); ok {
			v, _ := at(name)
			weight, _ := at("weight/" + term)
			line += fmt.Sprintf("  %s %.4f (weight %.3f)", term, v, weight)
		}
	}
	if v, ok := at("images/s"); ok {
		line += fmt.Sprintf("  %.0f images/s", v)
	}
	for _, on := range []struct{ name, figure string }{{"validation", "validation/top1"}, {"test", "test/top1"}} {
		if v, ok := at(on.figure); ok {
			line += fmt.Sprintf("  %s %.2f%%", on.name, 100*v)
		}
	}
	return line
}

// planned is how many epochs the run is to have; 0: not known.
func (w *watchCmd) planned() int {
	text, err := os.ReadFile(filepath.Join(w.Dir, "manifest.json"))
	if err != nil {
		return 0
	}
	m, err := manifest.Decode(text)
	if err != nil {
		return 0
	}
	return m.Training.Epochs
}

// quiet is how long nothing is written before it is asked whether a program still trains the run.
const quiet = time.Minute

// over finds out whether the run has ended, and what to say then.
func (w *watchCmd) over() (func(*console) error, error) {
	held := experiment.InUse(w.Dir) != nil // before the report, which is complete when the run gives its folder back
	unfinished, err := experiment.Unfinished(w.Dir)
	if err != nil {
		return nil, err
	}
	if len(unfinished) == 0 {
		r, err := experiment.ReadRun(w.Dir)
		if err != nil {
			return nil, err
		}
		return func(c *console) error { fmt.Fprintln(c.out); return r.Write(c.out) }, nil
	}
	written, reported := w.changed("steps.csv"), w.changed(experiment.ReportFile)
	ended := !reported.IsZero() && !reported.Before(written) // by an error, which it names
	if held || !ended && time.Since(written) < quiet {
		return nil, nil
	}
	return func(*console) error {
		return fmt.Errorf("%s: no program trains it; longtail train --resume --out %s goes on", strings.Join(unfinished, "; "), argument(w.Dir))
	}, nil
}

// changed is when a file of the run was written last; long ago if there is none.
func (w *watchCmd) changed(name string) (t time.Time) {
	if info, err := os.Stat(filepath.Join(w.Dir, name)); err == nil {
		t = info.ModTime()
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
