package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/method"
)

type sweepCmd struct {
	setup
	Set     []string `sep:"none" help:"A setting and values to try, such as tau=0.05,0.1,0.2; once for each setting. Settings are lr, decay, batch, warmup, clip and embedding, curriculum of a hybrid (parabolic, linear, cosine, or a number), and the numbers of the method's losses: tau, own, gamma, max-margin and so on." placeholder:"NAME=VALUES" group:"Sweep"`
	Budget  string   `help:"What all may cost: so many whole trainings, such as 12, or 600epochs. Combinations that it has no room for are left out by chance (default: what they cost)." placeholder:"BUDGET" group:"Sweep"`
	Keep    int      `help:"One combination in so many goes on to so many times the epochs; 1: all are trained to the end (default: 3)." placeholder:"N" group:"Sweep"`
	Method  string   `help:"What to train by; longtail methods lists them (default: logit-adjusted)." enum:",${methods}" default:"" placeholder:"NAME" group:"Training"`
	Seeds   string   `help:"Seeds that each combination is trained with, such as 1-3 (default: 1). Report on others than you choose by." placeholder:"SEEDS" group:"Training"`
	Epochs  int      `help:"Epochs of those that go on to the end (default: 100, with --quick 30)." placeholder:"EPOCHS" group:"Training"`
	Holdout *float64 `help:"Fraction of each class that is held out to choose by (default: 0.1). A folder val beside train and test takes its place." placeholder:"FRACTION" group:"Training"`

	Out    string `help:"Folder that keeps each run, with its checkpoints, and sweep.json." placeholder:"DIR" group:"Run"`
	Resume bool   `help:"Go on with what --out has, or begin it; what has run is not run again. Without --data, by the options that it was begun with." group:"Run"`
	JSON   bool   `name:"json" help:"Write JSON." group:"Run"`
}

func (sweepCmd) Help() string {
	return `Trains a method with every combination of the values, and chooses by the balanced accuracy on held-out images. The test set is not looked
at. All combinations are trained for few epochs, a third of them for three times as many, and so on (successive halving). The table has the
best first; "within noise" are those that held-out images and seeds cannot tell from the chosen one.

` + example("longtail sweep --quick --method hybrid-sc --set tau=0.05,0.1,0.2,0.5 --set lr=0.05,0.1",
		"longtail sweep --data photos --method logit-adjusted --set tau=0.5,1,1.5 --set decay=1e-4,5e-4 --seeds 1-3 --budget 12 --out runs/sweep",
		"longtail sweep --resume --out runs/sweep",
		"longtail train --data photos --method logit-adjusted --set tau=1.5,decay=5e-4")
}

// swept is what settings.json of a sweep has.
type swept struct {
	Method   string              `json:"method"`
	Axes     []experiment.Axis   `json:"axes"`
	Seeds    []uint64            `json:"seeds"`
	Budget   float64             `json:"budget"`
	Keep     int                 `json:"keep"`
	Settings experiment.Settings `json:"settings"`
}

// plan reads the options, or what a sweep was begun with.
func (o *sweepCmd) plan() (s swept, err error) {
	if o.Resume && o.Out == "" {
		return s, misused("--resume needs --out, the folder of the sweep")
	}
	if o.Resume && o.Data == "" && !o.Quick {
		if o.given() {
			return s, misused("--resume without --data or --quick goes on by the options that the sweep was begun with: only --out, --json and --cache go with it")
		}
		return s, readSettings(o.Out, &s)
	}
	s.Method, s.Seeds, s.Keep = cmp.Or(o.Method, "logit-adjusted"), []uint64{1}, o.Keep
	if o.Seeds != "" {
		if s.Seeds, err = seedsOf("seeds", o.Seeds); err != nil {
			return s, err
		}
	}
	if err := o.common(); err != nil {
		return s, err
	}
	all, epochs := experiment.Usual(), 100
	if o.Quick {
		all, epochs = experiment.Quick(), 30
	}
	all.Epochs, all.Equal, all.EvalEvery = cmp.Or(o.Epochs, epochs), "epochs", 0
	if s.Settings, err = o.apply(all); err != nil {
		return s, err
	}
	set(&s.Settings.Holdout, o.Holdout)
	if s.Budget, err = o.budget(s.Settings.Epochs); err != nil {
		return s, err
	}
	for _, text := range o.Set {
		a, err := experiment.ParseAxis(text)
		if err != nil {
			return s, exitError{usage, fmt.Errorf("--set: %w", err)}
		}
		s.Axes = append(s.Axes, a)
	}
	m, err := method.ByName(s.Method)
	if err != nil {
		return s, exitError{usage, err}
	}
	for _, a := range s.Axes {
		for _, v := range a.Values {
			if _, _, err := experiment.Apply(s.Settings, m, []experiment.Setting{{Name: a.Name, Value: v}}); err != nil {
				return s, exitError{usage, fmt.Errorf("--set: %w", err)}
			}
		}
	}
	if s.Axes == nil {
		return s, misused("a sweep needs settings to try: give --set, such as --set tau=0.05,0.1,0.2")
	}
	return s, nil
}

// given tells whether there are options that say what the sweep is.
func (o *sweepCmd) given() bool {
	rest := *o
	rest.Out, rest.Resume, rest.JSON, rest.Cache = "", false, false, 0
	return !reflect.DeepEqual(rest, sweepCmd{})
}

// budget reads 12 or 600epochs.
func (o *sweepCmd) budget(epochs int) (float64, error) {
	if o.Budget == "" {
		return 0, nil
	}
	text, inEpochs := strings.CutSuffix(strings.TrimSpace(o.Budget), "epochs")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v > 0) || v > 1e9 {
		return 0, misused("--budget=%s: give whole trainings, such as 12, or epochs, such as 600epochs", o.Budget)
	}
	if inEpochs {
		v /= float64(epochs)
	}
	return v, nil
}

// Run sweeps.
func (o *sweepCmd) Run(ctx context.Context, c *console) error {
	how, err := o.plan()
	if err != nil {
		return err
	}
	if o.Override != "" {
		return misused("--override is for train and compare")
	}
	if err := checkKind(o.Out, experiment.KindSweep); err != nil {
		return err
	}
	how.Settings.Read.Cache = indices()
	m, err := method.ByName(how.Method)
	if err != nil {
		return exitError{usage, err}
	}
	if err := experiment.InUse(o.Out); err != nil { // found before the data are read
		return err
	}
	if how.Settings, err = o.leaveOut(ctx, c, how.Settings); err != nil {
		return err
	}
	keep, err := o.keep()
	if err != nil {
		return err
	}
	p, err := experiment.Sweep{Settings: how.Settings, Method: m, Axes: how.Axes, Seeds: how.Seeds, Budget: how.Budget, Keep: how.Keep, Dir: o.Out,
		Resume: o.Resume, Images: keep, Caller: how, Context: ctx}.Plan()
	if err != nil {
		return hint(err, o.Out)
	}
	tell(c, p.Derived)
	tellWeights(c, p.Told...)
	if len(p.Trials) < p.Grid {
		fmt.Fprintf(c.log, "the budget has room for %d of %d combinations, drawn by chance\n", len(p.Trials), p.Grid)
	}
	for _, r := range p.Rungs {
		fmt.Fprintf(c.log, "%d combinations for %d epochs\n", r.Trials, r.Epochs)
	}
	failed := p.Do(ctx, func(ctx context.Context, r experiment.TrialRun) (*experiment.Report, error) {
		fmt.Fprintf(c.log, "%d/%d  %s: ", r.Number, r.Of, r.Name())
		lines := newInset(c.log)
		r.Trainer.Observers, r.Trainer.OnWarning = append(r.Trainer.Observers, lines), lines.warn
		report, err := r.Run.Do(ctx)
		lines.end()
		if err != nil {
			fmt.Fprintln(c.log, err)
			return report, err
		}
		fmt.Fprintf(c.log, "%.2f%% balanced, on held-out images, after %.1f s\n", *report.HeldOutBalanced, report.Seconds)
		return report, nil
	})
	result := p.Result(failed)
	if how.Settings.Data != "" { // without the place of the data
		how.Settings.Data = filepath.Base(how.Settings.Data)
		result.Settings = how
	}
	if o.JSON {
		err = writeJSON(c, result)
	} else {
		err = result.Write(c.out)
	}
	if failed != nil && o.Out != "" && errors.Is(failed, context.Canceled) {
		failed = exitError{stopped, fmt.Errorf("%w\nlongtail sweep --resume --out %s goes on", failed, argument(o.Out))}
	}
	return errors.Join(listing(failed, o.Data), err)
}
