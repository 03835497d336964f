package experiment

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
)

// Comparison is several methods, each with several seeds, by the same settings.
type Comparison struct {
	Settings Settings
	Methods  []method.Method
	Seeds    []uint64
	Show     []string              // fields of manifests in which runs may differ
	Dir      string                // keeps each run in a folder of its own; "": nothing is kept
	Resume   bool                  // go on with what Dir has
	Override manifest.Override     // see Run
	Earlier  []Report              // runs of the table that are done
	Keep     dataset.CacheSettings // see Data
	// Context ends Plan early, which looks at the images and makes the network of every run. nil: it does not end.
	Context context.Context
}

// Plan is what a comparison will do.
type Plan struct {
	Comparison
	Done    []Report // found in Earlier, or finished in Dir
	Todo    []Report // to be trained, in this order, without figures
	Derived []string // what was derived from the data of the first seed
	Told    []string // Told of the runs, each once
}

// Plan finds out what is to be trained, and everything that would stop the comparison before its end: settings that do not
// fit, runs that are not comparable, folders that have other runs. Runs of Earlier that would be trained in the same way are
// not trained again. It reads few images, and keeps no network: those of all seeds at once could be too much memory.
func (c Comparison) Plan() (*Plan, error) {
	p := &Plan{Comparison: c, Done: slices.Clone(c.Earlier)}
	if err := CheckFields(c.Show); err != nil {
		return nil, err
	}
	if err := c.Settings.Check(c.Methods...); err != nil {
		return nil, err
	}
	for i, seed := range c.Seeds {
		if slices.Contains(c.Seeds[:i], seed) {
			return nil, fmt.Errorf("experiment: seed %d is there twice", seed)
		}
		d, err := c.Settings.Open(c.context(), seed)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			p.Derived = d.Derived
		}
		for k, m := range c.Methods {
			if slices.ContainsFunc(c.Methods[:k], func(before method.Method) bool { return before.Name == m.Name }) {
				return nil, fmt.Errorf("experiment: %s is there twice", m.Name)
			}
			if err := p.add(d, m); err != nil {
				return nil, err
			}
		}
	}
	return p, Comparable(slices.Concat(p.Done, p.Todo), c.Show, true)
}

func (c Comparison) context() context.Context {
	if c.Context == nil {
		return context.Background()
	}
	return c.Context
}

// add puts the run of a method where it belongs.
func (p *Plan) add(d *Data, m method.Method) error {
	r, err := d.NewRun(m)
	if err != nil {
		return err
	}
	p.Told = alsoTold(p.Told, r)
	next := *r.Planned()
	if slices.ContainsFunc(p.Earlier, func(e Report) bool { return e.same(next) && len(manifest.Changes(e.Manifest, next.Manifest)) == 0 }) {
		return nil
	}
	p.keep(r)
	done, err := r.look()
	switch {
	case err != nil:
		return err
	case done != nil:
		p.Done = append(p.Done, *done)
	default:
		p.Todo = append(p.Todo, next)
	}
	return nil
}

// keep says where a run is kept.
func (p *Plan) keep(r *Run) {
	if p.Dir != "" {
		r.Override = p.Override
		r.Dir, r.Resume = filepath.Join(p.Dir, fmt.Sprintf("%s-seed-%d", r.Method, r.Trainer.Seed)), p.Resume
	}
}

// method is that of Methods with the name.
func (p *Plan) method(name string) method.Method {
	i := slices.IndexFunc(p.Methods, func(m method.Method) bool { return m.Name == name })
	return p.Methods[i]
}

// Runs makes the runs of Todo, one after the other, with their images in memory; their caller calls Do. It ends with the
// first error.
func (p *Plan) Runs(ctx context.Context) iter.Seq2[*Run, error] {
	return func(yield func(*Run, error) bool) {
		var d *Data
		defer func() { d.Close() }()
		for _, next := range p.Todo {
			var err error
			if d == nil || d.Seed != next.Seed {
				d.Close()
				if d, err = p.Settings.Open(ctx, next.Seed); err == nil {
					d.Keep = p.Keep
					err = d.Load(ctx)
				}
			}
			var r *Run
			if err == nil {
				r, err = d.NewRun(p.method(next.Method))
			}
			if err != nil {
				yield(nil, fmt.Errorf("%s, seed %d: %w", next.Method, next.Seed, err))
				return
			}
			p.keep(r)
			if !yield(r, nil) {
				return
			}
		}
	}
}
