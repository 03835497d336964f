package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/manifest"
)

// override reads --override.
func (f setup) override(resume bool) (o manifest.Override, err error) {
	if f.Override == "" {
		return o, nil
	}
	if !resume {
		return o, misused("--override says what may differ from a run that --resume goes on with: add --resume")
	}
	for _, name := range list(f.Override) {
		switch name {
		case "epochs":
			o.Epochs = true
		case "cpu":
			o.CPULevel = true
		case "eval-batch":
			o.EvalBatch = true
		default:
			return o, misused("--override=%s: %q is not epochs, cpu or eval-batch", f.Override, name)
		}
	}
	return o, nil
}

// tellUnused writes which parts of --override nothing needed.
func (f setup) tellUnused(c *console, used []manifest.Departure) {
	fields := map[string]string{"epochs": "training.epochs", "cpu": manifest.Processor, "eval-batch": "training.eval_batch"}
	for _, name := range list(f.Override) {
		needed := slices.ContainsFunc(used, func(d manifest.Departure) bool {
			return slices.ContainsFunc(d.Changes, func(change string) bool { return strings.HasPrefix(change, fields[name]+":") })
		})
		if !needed {
			fmt.Fprintf(c.log, "no effect: --override=%s: it is as the run was begun with\n", name)
		}
	}
}

// overriding adds to the error of a run that is another which option lets it go on.
func overriding(err error) error {
	var would *manifest.Overridable
	if !errors.As(err, &would) {
		return err
	}
	var names []string
	for name, set := range map[string]bool{"epochs": would.Override.Epochs, "cpu": would.Override.CPULevel, "eval-batch": would.Override.EvalBatch} {
		if set {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return fmt.Errorf("%w\n(--override=%s goes on all the same)", err, strings.Join(names, ","))
}
