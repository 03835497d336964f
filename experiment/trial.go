package experiment

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/train"
)

// Trial is a combination of settings, and what it came to.
type Trial struct {
	Set      []Setting `json:"set"`
	Epochs   int       `json:"epochs"`                    // of its longest training
	Balanced *Estimate `json:"heldout_balanced_accuracy"` // over the seeds; null if it was not trained, or failed
	Top1     *Estimate `json:"heldout_top1"`
	Chosen   bool      `json:"chosen,omitempty"`
	// Behind is the balanced accuracy less that of the chosen trial, by Table.AddPairs; null for those that left earlier.
	Behind  *Difference `json:"less_chosen,omitempty"`
	Seconds float64     `json:"seconds"`          // of all its trainings
	Failed  string      `json:"failed,omitempty"` // what ended it: numbers that are not finite

	runs []Report // of its longest training
}

// Name is tau=0.1,lr=0.5.
func (t *Trial) Name() string {
	var all []string
	for _, s := range t.Set {
		all = append(all, s.String())
	}
	return strings.Join(all, ",")
}

// name is that of a training.
func (t *Trial) name(seed uint64) string {
	return fmt.Sprintf("%s, seed %d, %d epochs", t.Name(), seed, t.Epochs)
}

// TrialRun is one training of a sweep.
type TrialRun struct {
	*Run
	Trial  *Trial
	Number int // from 1, of all
	Of     int
}

// Name says which training it is.
func (r TrialRun) Name() string {
	return r.Trial.name(r.Trainer.Seed)
}

// run makes the run of a trial on the data of a seed.
func (p *SweepPlan) run(d *Data, t *Trial, epochs int) (*Run, error) {
	of := *d
	s, m, err := Apply(d.Settings, p.Method, t.Set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name(), err)
	}
	s.Epochs = epochs
	if p.Settings.LR == 0 && s.LR == d.Settings.LR && !slices.ContainsFunc(t.Set, func(s Setting) bool { return s.Name == "lr" }) {
		s.LR = 0 // in proportion to a batch of the trial's own
	}
	of.Settings = s.withBatch(&of)
	r, err := of.NewRun(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name(), err)
	}
	r.HeldOnly = true
	if p.Dir != "" {
		r.Dir, r.Resume = p.folder(t, epochs, d.Seed), true
		was := p.Settings
		was.Epochs = epochs
		r.Settings = struct {
			Method   string    `json:"method"`
			Seed     uint64    `json:"seed"`
			Settings Settings  `json:"settings"`
			Set      []Setting `json:"set"`
		}{p.Method.Name, d.Seed, was, t.Set}
	}
	return r, nil
}

// folder keeps a training.
func (p *SweepPlan) folder(t *Trial, epochs int, seed uint64) string {
	return filepath.Join(p.Dir, fmt.Sprintf("%d-epochs", epochs), fmt.Sprintf("%s_seed=%d", strings.ReplaceAll(t.Name(), ",", "_"), seed))
}

// look finds folders of trials that have other runs, as those of a sweep by other settings.
func (p *SweepPlan) look(d *Data) error {
	if p.Dir == "" {
		return nil
	}
	for _, rung := range p.Rungs {
		for _, t := range p.Trials {
			if !Exists(p.folder(t, rung.Epochs, d.Seed)) {
				continue
			}
			r, err := p.run(d, t, rung.Epochs)
			if err == nil {
				_, err = r.look()
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Do trains what the rungs say, and chooses. do trains one run; nil is Run.Do. A run that was done before is found in its folder.
// What was reached is in Result, also with an error, and in sweep.json after each run. It takes the lock of the folder.
func (p *SweepPlan) Do(ctx context.Context, do func(context.Context, TrialRun) (*Report, error)) (err error) {
	if do == nil {
		do = func(ctx context.Context, r TrialRun) (*Report, error) { return r.Run.Do(ctx) }
	}
	if p.Dir != "" {
		release, err := Lock(p.Dir)
		if err != nil {
			return err
		}
		defer release()
		if err := p.load(); err != nil { // again, now that nobody else changes it
			return err
		}
		if p.Caller != nil {
			if err := Begin(p.Dir, KindSweep, p.Caller); err != nil {
				return err
			}
		}
	}
	p.spent = 0
	defer func() { err = errors.Join(err, p.keep(err)) }()
	return p.train(ctx, do)
}

// keep writes what was reached.
func (p *SweepPlan) keep(stopped error) error {
	if p.Dir == "" {
		return nil
	}
	return writeJSON(filepath.Join(p.Dir, SweepFile), p.Result(stopped))
}

func (p *SweepPlan) train(ctx context.Context, do func(context.Context, TrialRun) (*Report, error)) error {
	var d *Data
	defer func() { d.Close() }()
	number, of := 0, 0
	for _, r := range p.Rungs {
		of += r.Trials * len(p.Seeds)
	}
	left, why := slices.Clone(p.Trials), ""
	for _, rung := range p.Rungs {
		left = left[:min(len(left), rung.Trials)]
		for _, t := range left {
			t.Epochs, t.runs, t.Balanced, t.Top1 = rung.Epochs, nil, nil, nil
		}
		for _, seed := range p.Seeds {
			if d == nil || d.Seed != seed {
				d.Close()
				var err error
				if d, err = p.Settings.Open(ctx, seed); err == nil {
					d.Keep = p.Images
					err = d.Load(ctx)
				}
				if err != nil {
					return err
				}
			}
			for _, t := range left {
				number++
				if err := p.try(ctx, d, t, func(r *Run) (*Report, error) { return do(ctx, TrialRun{r, t, number, of}) }); err != nil {
					return err
				}
				if number < of {
					if err := p.keep(fmt.Errorf("after %d trainings of %d", number, of)); err != nil {
						return err
					}
				}
			}
		}
		for _, t := range left {
			t.score()
			why = cmp.Or(t.Failed, why)
		}
		slices.SortStableFunc(left, better)
		left = slices.DeleteFunc(left, func(t *Trial) bool { return t.Failed != "" })
	}
	if len(left) == 0 {
		return fmt.Errorf("experiment: every trial that was to have %d epochs came to numbers that are not finite, one %s: try smaller learning rates",
			p.Rungs[len(p.Rungs)-1].Epochs, why)
	}
	p.chosen = left[0]
	p.chosen.Chosen = true
	return p.compare(left)
}

// try trains a trial with a seed.
func (p *SweepPlan) try(ctx context.Context, d *Data, t *Trial, do func(*Run) (*Report, error)) error {
	if t.Failed != "" {
		return nil
	}
	r, err := p.run(d, t, t.Epochs)
	if err != nil {
		return err
	}
	name := t.name(d.Seed)
	if why := p.failures[name]; why != "" && (r.Dir == "" || Exists(r.Dir)) { // by these settings, as look found
		t.Failed = why
		if was, err := readReport(filepath.Join(r.Dir, ReportFile)); err == nil {
			t.Seconds += was.Seconds
			p.spent += len(was.History)
		}
		return nil
	}
	delete(p.failures, name)
	report, err := do(r)
	if report != nil {
		t.Seconds += report.Seconds
	}
	var bad *train.NonFiniteError
	switch {
	case errors.As(err, &bad):
		t.Failed = fmt.Sprintf("with seed %d after %d epochs: %v", d.Seed, bad.Epoch, bad)
		p.failures[name] = t.Failed
		p.spent += bad.Epoch
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	p.spent += t.Epochs
	t.runs = append(t.runs, *report)
	return nil
}

// score is the mean over the seeds; a trial that failed has none.
func (t *Trial) score() {
	t.Balanced, t.Top1 = nil, nil
	if t.Failed == "" && len(t.runs) > 0 {
		t.Balanced = over(t.runs, func(r Report) *float64 { return r.HeldOutBalanced })
		t.Top1 = over(t.runs, func(r Report) *float64 { return r.HeldOut })
	}
}

// better compares trials: longer trained, then more accurate.
func better(a, b *Trial) int {
	score := func(t *Trial) float64 {
		if t.Balanced == nil {
			return -1
		}
		return t.Balanced.Mean
	}
	if c := cmp.Compare(b.Epochs, a.Epochs); c != 0 {
		return c
	}
	return cmp.Compare(score(b), score(a))
}

// compare fills in how far those of the last rung are behind the chosen one.
func (p *SweepPlan) compare(last []*Trial) error {
	var table Table
	var runs []Report
	for _, t := range last {
		table.Rows = append(table.Rows, Row{Method: t.Name()})
		for _, r := range t.runs {
			r.Method = t.Name()
			runs = append(runs, r)
		}
	}
	if err := table.AddPairs(runs); err != nil {
		return err
	}
	for _, pair := range table.Pairs {
		if pair.B != p.chosen.Name() {
			continue
		}
		for _, t := range last {
			if t.Name() == pair.A {
				t.Behind = &pair.Balanced
			}
		}
	}
	return nil
}

// SweepFile is the name of a sweep's result in its folder.
const SweepFile = "sweep.json"

// load finds failures of earlier.
func (p *SweepPlan) load() error {
	if p.Dir == "" {
		return nil
	}
	if !p.Resume && KindOf(p.Dir) == KindSweep {
		return fmt.Errorf("experiment: %s %w: resume it, or choose another folder", p.Dir, ErrExists)
	}
	path := filepath.Join(p.Dir, SweepFile)
	text, err := smallfile.Read(path, mostBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	var was SweepResult
	if err := json.Unmarshal(text, &was); err != nil {
		return fmt.Errorf("experiment: %s: %w", path, err)
	}
	for name, why := range was.Failures {
		p.failures[name] = why
	}
	return nil
}
