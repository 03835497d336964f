package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/method"
)

// Sweep tries settings of a method, and chooses by the balanced accuracy on held-out images: the test set has no say in it, and
// is not looked at. Trials are all combinations of the values of Axes. By successive halving (arXiv 1502.07943) all are trained for a
// few epochs, by a whole schedule of these, and the best of them for more, until the last are trained for Settings.Epochs.
type Sweep struct {
	Settings Settings // needs Holdout, unless the data have a validation set
	Method   method.Method
	Axes     []Axis
	Seeds    []uint64 // each trial is trained with each; the score is the mean
	// Budget is how many trainings of Settings.Epochs all may cost together. If the trials cost more, a part of them is tried, drawn
	// by chance. 0: what they cost.
	Budget float64
	// Keep is that one trial in so many goes on, to as many times the epochs. 0 means 3; 1: all are trained to the end.
	Keep   int
	Dir    string                // keeps each run in a folder of its own; "": nothing is kept
	Resume bool                  // go on with what Dir has: what has run there is not run again
	Images dataset.CacheSettings // see Data.Keep
	Caller any                   // settings.json in Dir, and settings of SweepResult; nil: none
	// Context ends Plan early. nil: it does not end.
	Context context.Context
}

// Rung is a round of a sweep.
type Rung struct {
	Trials int `json:"trials"`
	Epochs int `json:"epochs"`
}

// SweepPlan is what a sweep will do.
type SweepPlan struct {
	Sweep
	Rungs   []Rung
	Trials  []*Trial // in the order of the grid
	Grid    int      // combinations that there are, of which Trials may be a part
	Derived []string // what was derived from the data of the first seed
	Told    []string // Told of the trials' runs, each once

	failures map[string]string // of runs that came to numbers that are not finite, by their names
	spent    int               // epochs
	held     int               // images, of the first seed
	chosen   *Trial
}

// mostTrials is more than anyone trains.
const mostTrials = 100000

// Plan finds out what is to be trained, settings that do not fit, and folders that have other runs. It trains nothing.
func (s Sweep) Plan() (*SweepPlan, error) {
	if s.Context == nil {
		s.Context = context.Background()
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	p := &SweepPlan{Sweep: s, failures: map[string]string{}}
	all, err := grid(s.Axes)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	p.Grid = len(all)
	n, err := s.affordable(len(all))
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	if n < len(all) {
		chosen := rand.New(rand.NewPCG(s.Seeds[0], 0x7377656570)).Perm(len(all))[:n]
		slices.Sort(chosen)
		for _, i := range chosen {
			p.Trials = append(p.Trials, all[i])
		}
	} else {
		p.Trials = all
	}
	p.Rungs = s.rungs(n)
	if err := errors.Join(checkKind(s.Dir, KindSweep), p.load()); err != nil { // found before the data are read
		return nil, err
	}
	for _, seed := range s.Seeds {
		d, err := s.Settings.Open(s.Context, seed)
		if err != nil {
			return nil, err
		}
		if d.Held == nil {
			return nil, errors.New("experiment: a sweep chooses by held-out images: set holdout, to 0.1 for example, or give a validation set")
		}
		if seed == s.Seeds[0] {
			p.Derived, p.held = d.Derived, d.Held.Len()
			for _, t := range p.Trials { // all of them, before any is trained
				r, err := p.run(d, t, p.Rungs[0].Epochs)
				if err != nil {
					return nil, err
				}
				p.Told = alsoTold(p.Told, r)
			}
		}
		if err := p.look(d); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (s Sweep) check() error {
	if err := s.Settings.filled().check(s.Method); err != nil {
		return err
	}
	if len(s.Seeds) == 0 {
		return errors.New("a sweep without seeds")
	}
	if len(s.Axes) == 0 {
		return errors.New("a sweep of nothing: give settings with values to try, such as tau=0.05,0.1")
	}
	for i, a := range s.Axes {
		if len(a.Values) == 0 || slices.ContainsFunc(s.Axes[:i], func(b Axis) bool { return a.Name == b.Name }) {
			return fmt.Errorf("setting %s of the sweep is there twice, or has no values", a.Name)
		}
	}
	for i, seed := range s.Seeds {
		if slices.Contains(s.Seeds[:i], seed) {
			return fmt.Errorf("seed %d is there twice", seed)
		}
	}
	if s.Keep < 0 || !(s.Budget >= 0) || math.IsInf(s.Budget, 1) {
		return fmt.Errorf("a budget of %g trainings, of which one in %d goes on: neither may be negative", s.Budget, s.Keep)
	}
	return nil
}

// grid lists all combinations, the last axis fastest.
func grid(axes []Axis) ([]*Trial, error) {
	all := []*Trial{{}}
	for _, a := range axes {
		if len(all)*len(a.Values) > mostTrials {
			return nil, fmt.Errorf("the sweep has more than %d combinations", mostTrials)
		}
		var longer []*Trial
		for _, t := range all {
			for _, v := range a.Values {
				longer = append(longer, &Trial{Set: append(slices.Clone(t.Set), Setting{a.Name, v})})
			}
		}
		all = longer
	}
	return all, nil
}

// rungs says how n trials are trained: the last rung compares two at least, and the first is trained for an epoch in 27 or Keep at least.
func (s Sweep) rungs(n int) (all []Rung) {
	keep, epochs, unit := cmp.Or(s.Keep, 3), s.Settings.Epochs, 1
	if s.Settings.Equal == "images" {
		unit = s.Settings.images(s.Method) // of which epochs must be a multiple
	}
	least := 1
	for f := keep; keep > 1 && (f == keep || f <= 27) && n >= 2*f && epochs/f >= unit; f *= keep {
		least = f
	}
	for divided, kept := least, 1; divided >= 1; divided, kept = divided/keep, kept*keep {
		each := (epochs + divided - 1) / divided
		all = append(all, Rung{(n + kept - 1) / kept, (each + unit - 1) / unit * unit})
		if keep == 1 {
			break
		}
	}
	return all
}

// cost is what n trials take, in epochs.
func (s Sweep) cost(n int) (epochs int) {
	for _, r := range s.rungs(n) {
		epochs += r.Trials * r.Epochs * len(s.Seeds)
	}
	return epochs
}

// affordable is how many of n trials the budget allows.
func (s Sweep) affordable(n int) (int, error) {
	if s.Budget == 0 {
		return n, nil
	}
	for k := n; k >= min(n, 2); k-- {
		if float64(s.cost(k)) <= s.Budget*float64(s.Settings.Epochs)+1e-9 {
			return k, nil
		}
	}
	return 0, fmt.Errorf("a budget of %g trainings is too small for %d trials: that takes %.3g", s.Budget, min(n, 2), float64(s.cost(min(n, 2)))/float64(s.Settings.Epochs))
}
