package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/report"
)

// earlier returns the runs of --with. The file that --json is to write need not be there before the first start.
func (o *compareCmd) earlier(c *console) (all []experiment.Report, err error) {
	for _, path := range list(o.With) {
		runs, err := experiment.Read(path)
		if errors.Is(err, fs.ErrNotExist) && o.Methods != "none" && filepath.Clean(path) == filepath.Clean(o.JSON) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("--with: %w", err)
		}
		all = append(all, runs...)
		unfinished, err := experiment.Unfinished(path)
		if err != nil {
			return nil, fmt.Errorf("--with: %w", err)
		}
		for _, text := range unfinished {
			fmt.Fprintln(c.log, "left out, not finished:", text)
		}
	}
	return all, nil
}

// Run compares.
func (o *compareCmd) Run(ctx context.Context, c *console) error {
	how, err := o.plan()
	if err != nil {
		return err
	}
	if err := checkKind(o.Out, experiment.KindComparison); err != nil {
		return err
	}
	how.Settings.Read.Cache = indices()
	if o.JSON != "" && o.JSON != "-" {
		if err := record.Probe(o.JSON); err != nil {
			return misused("--json: %w", err)
		}
		release, err := experiment.LockFile(o.JSON)
		if err != nil {
			return err
		}
		defer release()
	}
	all, err := o.earlier(c)
	if err != nil {
		return err
	}
	if how.Methods != nil { // found before the data are read
		if err := experiment.InUse(o.Out); err != nil {
			return err
		}
		if !o.Resume && experiment.KindOf(o.Out) != "" {
			return misused("%s has a comparison already: add --resume to go on with it, or choose another --out", o.Out)
		}
	} else if o.Resume {
		return misused("%s names no methods: give the options that the comparison was begun with", filepath.Join(o.Out, experiment.SettingsFile))
	}
	chosen, err := presets(how.Methods)
	if err != nil {
		return err
	}
	override, err := o.override(o.Resume)
	if err != nil {
		return err
	}
	if how.Settings, err = o.leaveOut(ctx, c, how.Settings); err != nil {
		return err
	}
	keep, err := o.keep()
	if err != nil {
		return err
	}
	comparison := experiment.Comparison{Settings: how.Settings, Methods: chosen, Seeds: how.Seeds, Show: how.Show, Dir: o.Out, Resume: o.Resume, Override: override, Earlier: all, Keep: keep, Context: ctx}
	var failed error
	if how.Methods != nil {
		p, err := comparison.Plan()
		if err != nil {
			return hint(err, o.Out)
		}
		tell(c, p.Derived)
		var planned []manifest.Manifest
		for _, r := range p.Todo {
			planned = append(planned, r.Manifest)
		}
		tellNoEffect(c, o.noEffect(planned), planned)
		tellWeights(c, p.Told...)
		if o.Out != "" {
			release, err := experiment.Lock(o.Out)
			if err != nil {
				return err
			}
			defer release()
			if err := experiment.Begin(o.Out, experiment.KindComparison, how); err != nil {
				return err
			}
		}
		all, failed = o.train(ctx, c, p, how)
	}
	if len(all) == 0 {
		return failed
	}
	table, err := experiment.NewTable(all, how.Show, failed == nil)
	if err != nil {
		return errors.Join(failed, err)
	}
	if err := table.AddPairs(all); err != nil {
		return errors.Join(failed, err)
	}
	if err := errors.Join(o.write(how, table, all, failed), o.print(c, how, table, all, failed)); err != nil {
		return errors.Join(failed, err)
	}
	if failed != nil {
		return failed
	}
	if err := o.page(ctx, c, all); err != nil {
		return err
	}
	if low := table.Below(how.Floor); low != nil {
		return exitError{unmet, fmt.Errorf("below --floor=%g%%: %s", how.Floor, strings.Join(low, ", "))}
	}
	return nil
}

// train adds the runs of the plan to those that are done, as far as it comes.
func (o *compareCmd) train(ctx context.Context, c *console, p *experiment.Plan, how compared) ([]experiment.Report, error) {
	all := p.Done
	for _, r := range all {
		fmt.Fprintf(c.log, "%s, seed %d: from %s\n", r.Method, r.Seed, r.From())
	}
	n := 0
	var departed []manifest.Departure
	defer func() { o.tellUnused(c, departed) }()
	for r, err := range p.Runs(ctx) {
		if err != nil {
			return all, o.resumable(listing(err, how.Settings.Data))
		}
		n++
		name := fmt.Sprintf("%s, seed %d", r.Method, r.Trainer.Seed)
		fmt.Fprintf(c.log, "%d/%d  %s: ", n, len(p.Todo), name)
		lines := newInset(c.log)
		r.Trainer.Observers, r.Trainer.OnWarning = append(r.Trainer.Observers, lines), lines.warn
		if r.Teacher != nil {
			r.Teacher.Trainer.Observers = append(r.Teacher.Trainer.Observers, &inset{Progress: record.Progress{W: lines, Every: every}})
		}
		report, err := r.Do(ctx)
		departed = append(departed, r.Departed...)
		lines.end()
		if err != nil {
			fmt.Fprintln(c.log, err)
			return all, o.resumable(fmt.Errorf("%s: %w", name, overriding(err)))
		}
		fmt.Fprintf(c.log, "%.2f%% after %.1f s\n", *report.Top1, report.Seconds)
		all = append(all, *report)
		if n < len(p.Todo) {
			so := fmt.Errorf("after %d runs of %d", n, len(p.Todo))
			table, err := experiment.NewTable(all, how.Show, false)
			if err == nil {
				err = o.write(how, table, all, so)
			}
			if err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// page makes the page of --report, if there is one to be.
func (o *compareCmd) page(ctx context.Context, c *console, all []experiment.Report) error {
	if o.Report == "" {
		return nil
	}
	var runs []*report.Run
	var dirs []string
	for _, r := range all {
		if dir := filepath.Join(o.Out, fmt.Sprintf("%s-seed-%d", r.Method, r.Seed)); o.Out != "" && experiment.Exists(dir) {
			dirs = append(dirs, dir)
		}
		runs = append(runs, &report.Run{Name: fmt.Sprintf("%s-seed-%d", r.Method, r.Seed), Figures: r})
	}
	if len(dirs) == len(all) { // which have more than the reports
		return makePage(ctx, c, o.Report, "", dirs, report.Settings{})
	}
	return writePage(c, o.Report, runs)
}

// resumable adds to the error of a comparison that was stopped how to go on.
func (o *compareCmd) resumable(err error) error {
	if o.Out == "" || !errors.Is(err, context.Canceled) {
		return err
	}
	return exitError{stopped, fmt.Errorf("%w\nlongtail compare --resume --out %s goes on", err, argument(o.Out))}
}

// write replaces the file of --json, if there is one to be.
func (o *compareCmd) write(how compared, t experiment.Table, all []experiment.Report, stopped error) error {
	if o.JSON == "" || o.JSON == "-" {
		return nil
	}
	return experiment.NewFile(o.settings(how), t, all, stopped).Write(o.JSON)
}

func (o *compareCmd) print(c *console, how compared, t experiment.Table, all []experiment.Report, stopped error) error {
	if o.JSON == "-" {
		return writeJSON(c, experiment.NewFile(o.settings(how), t, all, stopped))
	}
	return t.Write(c.out)
}

// settings are those of the JSON, without the place of the data.
func (o *compareCmd) settings(how compared) any {
	if how.Methods == nil {
		return nil
	}
	if how.Settings.Data != "" {
		how.Settings.Data = filepath.Base(how.Settings.Data)
	}
	return how
}

// hint adds what to do about a folder that has runs.
func hint(err error, out string) error {
	if errors.Is(err, experiment.ErrExists) {
		return misused("%w (add --resume to go on with the comparison in %s)", err, out)
	}
	return overriding(err)
}
