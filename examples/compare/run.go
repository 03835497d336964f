package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/record"
)

// run trains every method with every seed that earlier files lack. The table goes to out, progress to log. Of an interrupted
// comparison the table has what was finished.
func run(ctx context.Context, s settings, out, log io.Writer) error {
	if err := probe(s.JSON); err != nil {
		return err
	}
	all, err := earlier(s)
	if err != nil {
		return err
	}
	planned, err := plan(s, all, log)
	if err != nil {
		return err
	}
	if err := comparable(slices.Concat(all, planned), s.Show, true); err != nil {
		return err
	}
	all, failed := trainSet(ctx, s, all, planned, log)
	if len(all) == 0 {
		return failed
	}
	t, err := newTable(all, s.Show, failed == nil)
	if err != nil {
		return err
	}
	t.print(out)
	if err := write(s, all, failed); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return t.below(s.Floor)
}

// plan describes the runs to come. Networks and data are let go, and made again for training: those of all seeds at once
// could be too much memory.
func plan(s settings, all []result, log io.Writer) (planned []result, err error) {
	for _, seed := range s.Seeds {
		d, err := open(s, seed)
		if err != nil {
			return nil, err
		}
		for _, name := range s.Methods {
			j, err := newJob(s, d, name)
			if err != nil {
				return nil, err
			}
			i := slices.IndexFunc(all, func(r result) bool { return r.same(j.result) && len(apart(r, j.result)) == 0 })
			if i >= 0 {
				fmt.Fprintf(log, "%s, seed %d: from %s\n", name, seed, all[i].from)
				continue
			}
			planned = append(planned, j.result)
		}
	}
	return planned, nil
}

// train appends the planned runs to all, as far as it comes.
func trainSet(ctx context.Context, s settings, all, planned []result, log io.Writer) ([]result, error) {
	var d *data
	for i, next := range planned {
		if d == nil || d.seed != next.Seed {
			var err error
			if d, err = open(s, next.Seed); err != nil {
				return all, err
			}
			if err := d.load(ctx); err != nil {
				return all, err
			}
		}
		j, err := newJob(s, d, next.Method)
		if err != nil {
			return all, err
		}
		fmt.Fprintf(log, "%d/%d  %s, seed %d: ", i+1, len(planned), next.Method, next.Seed)
		lines := newInset(log)
		j.trainer.Observers = []record.Observer{lines}
		err = j.trainSet(ctx, s, d)
		lines.end()
		if err != nil {
			fmt.Fprintln(log, err)
			return all, fmt.Errorf("%s, seed %d: %w", next.Method, next.Seed, err)
		}
		fmt.Fprintf(log, "%s%% after %.1f s\n", metrics.Rate(*j.result.Top1/100), j.result.Seconds)
		all = append(all, j.result)
		if err := write(s, all, fmt.Errorf("after %d runs of %d", i+1, len(planned))); err != nil {
			return all, err
		}
	}
	return all, nil
}
