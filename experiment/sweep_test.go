package experiment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// sweepOf is a sweep of small runs.
func sweepOf(dir string, axes ...string) Sweep {
	s := Sweep{Settings: tiny(func(s *Settings) { s.Equal, s.Epochs, s.Holdout = "epochs", 3, 0.2 }), Method: presets("logit-adjusted")[0], Seeds: []uint64{1}, Dir: dir}
	for _, text := range axes {
		a, err := ParseAxis(text)
		if err != nil {
			panic(err)
		}
		s.Axes = append(s.Axes, a)
	}
	return s
}

func planOf(t *testing.T, s Sweep) *SweepPlan {
	t.Helper()
	p, err := s.Plan()
	require.NoError(t, err)
	return p
}

// faked is a run that is not trained: its accuracy is said.
func faked(r TrialRun, accuracy float64) *Report {
	report := r.Planned()
	p := &Predictions{HeldOut: true}
	for i := range r.Held.Len() {
		y := r.Held.Label(i)
		p.Labels, p.Predicted = append(p.Labels, y), append(p.Predicted, y)
		if float64(i%100) >= accuracy {
			p.Predicted[i] = (y + 1) % 10
		}
	}
	report.Predictions, report.HeldOutBalanced, report.HeldOut, report.Seconds = p, &accuracy, &accuracy, 1
	return report
}

// The best third goes on, and the best of the last rung is chosen, though another did better in the first.
func TestASweepHalves(t *testing.T) {
	s := sweepOf("", "tau=0.5,1,1.5", "lr=0.05,0.1")
	s.Settings.Epochs, s.Seeds = 9, []uint64{1, 2}
	p := planOf(t, s)
	require.Equal(t, []Rung{{6, 3}, {2, 9}}, p.Rungs)
	require.Len(t, p.Trials, 6)
	accuracies := map[string]float64{"tau=0.5,lr=0.05": 50, "tau=0.5,lr=0.1": 60, "tau=1,lr=0.05": 40, "tau=1,lr=0.1": 70, "tau=1.5,lr=0.05": 30, "tau=1.5,lr=0.1": 20}
	var log []string
	require.NoError(t, p.Do(t.Context(), func(_ context.Context, r TrialRun) (*Report, error) {
		log = append(log, fmt.Sprintf("%d/%d %s", r.Number, r.Of, r.Name()))
		accuracy := accuracies[r.Trial.Name()]
		if r.Trainer.Epochs == 9 {
			accuracy = 130 - accuracy
		}
		require.Equal(t, 9 == r.Trainer.Epochs, r.Trial.Epochs == 9)
		require.InDelta(t, map[string]float64{"5": 0.05, "1": 0.1}[r.Trial.Name()[len(r.Trial.Name())-1:]], r.Trainer.LearningRate.At(schedule.Progress{Epoch: r.Trainer.Epochs / 2, Epochs: r.Trainer.Epochs}), 1e-9)
		return faked(r, accuracy+2*float64(r.Trainer.Seed)), nil
	}))
	require.Len(t, log, 16)
	require.Equal(t, "1/16 tau=0.5,lr=0.05, seed 1, 3 epochs", log[0])
	require.Equal(t, []string{"13/16 tau=1,lr=0.1, seed 1, 9 epochs", "14/16 tau=0.5,lr=0.1, seed 1, 9 epochs"}, log[12:14])
	r := p.Result(nil)
	require.Equal(t, []Setting{{"tau", "0.5"}, {"lr", "0.1"}}, r.Chosen)
	require.Equal(t, 2*(6*3+2*9), r.Epochs)
	require.Equal(t, "tau=0.5,lr=0.1", r.Trials[0].Name())
	require.InDelta(t, 73, r.Trials[0].Balanced.Mean, 1e-9)
	require.NotNil(t, r.Trials[0].Balanced.SD)
	require.Equal(t, "tau=1,lr=0.1", r.Trials[1].Name())
	require.NotNil(t, r.Trials[1].Behind)
	require.Negative(t, r.Trials[1].Behind.Mean)
	require.Equal(t, "tau=0.5,lr=0.05", r.Trials[2].Name(), "the best of those that were not trained on")
	require.Nil(t, r.Trials[2].Behind)
	var text bytes.Buffer
	require.NoError(t, r.Write(&text))
	require.Regexp(t, `(?m)^tau +lr +epochs +balanced \(%\) .*\n0.5 +0.1 +9 +73.00 ± 1.41 .* chosen .*\n1 +0.1 +9 .*-\d+\.\d\d \(`, text.String())
	require.Contains(t, text.String(), "the test set was not looked at\nchosen: tau=0.5,lr=0.1\n")
}

func TestRungs(t *testing.T) {
	for _, c := range []struct {
		trials, keep, epochs, images int
		want                         []Rung
	}{
		{1, 0, 100, 1, []Rung{{1, 100}}},
		{5, 0, 100, 1, []Rung{{5, 100}}},
		{6, 0, 100, 1, []Rung{{6, 34}, {2, 100}}},
		{20, 0, 100, 1, []Rung{{20, 12}, {7, 34}, {3, 100}}},
		{1000, 0, 100, 1, []Rung{{1000, 4}, {334, 12}, {112, 34}, {38, 100}}},
		{20, 1, 100, 1, []Rung{{20, 100}}},
		{9, 2, 10, 1, []Rung{{9, 3}, {5, 5}, {3, 10}}},
		{100, 30, 100, 1, []Rung{{100, 4}, {4, 100}}},
		{100, 0, 3, 3, []Rung{{100, 3}}},
		{100, 0, 12, 3, []Rung{{100, 6}, {34, 12}}},
	} {
		s := Sweep{Keep: c.keep, Method: presets("ce")[0]}
		s.Method.Images, s.Settings.Epochs, s.Settings.Equal = c.images, c.epochs, "images"
		require.Equal(t, c.want, s.rungs(c.trials), "%+v", c)
	}
}

// A budget leaves combinations out, the same each time, and one that is too small says what is needed.
func TestBudget(t *testing.T) {
	s := sweepOf("", "tau=0.5,0.75,1,1.25,1.5", "lr=0.05,0.1,0.2,0.3")
	s.Settings.Epochs = 9
	s.Budget = 4
	p := planOf(t, s)
	require.Equal(t, 20, p.Grid)
	require.LessOrEqual(t, s.cost(len(p.Trials)), 36)
	require.Greater(t, s.cost(len(p.Trials)+1), 36)
	again := planOf(t, s)
	require.Equal(t, p.Trials, again.Trials)
	s.Budget = 1
	_, err := s.Plan()
	require.ErrorContains(t, err, "budget of 1 trainings")
	require.ErrorContains(t, err, "takes 2")
}

// What has run is not run again, in a sweep that was stopped within a run, between runs, or not at all.
func TestASweepGoesOn(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	p := planOf(t, sweepOf(whole, "tau=0.5,1", "lr=0.1"))
	require.NoError(t, p.Do(t.Context(), nil))
	want := p.Result(nil)

	s := sweepOf(parts, "tau=0.5,1", "lr=0.1")
	ctx, cancel := context.WithCancel(t.Context())
	err := planOf(t, s).Do(ctx, func(ctx context.Context, r TrialRun) (*Report, error) {
		if r.Number == 2 {
			r.Trainer.OnEpoch = func(e train.EpochReport) error {
				if e.Epoch == 1 {
					cancel()
				}
				return nil
			}
		}
		return r.Run.Do(ctx)
	})
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.Plan()
	require.ErrorIs(t, err, ErrExists)
	s.Resume = true
	trained := map[string]int{} // steps
	p = planOf(t, s)
	require.NoError(t, p.Do(t.Context(), func(ctx context.Context, r TrialRun) (*Report, error) {
		name := r.Name()
		r.Trainer.OnEpoch = func(train.EpochReport) error { trained[name]++; return nil }
		return r.Run.Do(ctx)
	}))
	require.Equal(t, map[string]int{"tau=1,lr=0.1, seed 1, 3 epochs": 1}, trained)
	got := p.Result(nil)
	for _, r := range []*SweepResult{&want, &got} {
		for _, trial := range r.Trials {
			trial.Seconds, trial.runs = 0, nil
		}
	}
	require.Equal(t, want, got)
	report, err := readReport(filepath.Join(parts, "3-epochs", "tau=1_lr=0.1_seed=1", ReportFile))
	require.NoError(t, err)
	require.Nil(t, report.Top1, "the test set has no figures")
	require.Nil(t, report.PerClass)
	require.NotNil(t, report.HeldOutBalanced)
	require.True(t, report.Predictions.HeldOut)
	require.FileExists(t, filepath.Join(parts, SweepFile))

	release, err := Lock(parts)
	require.NoError(t, err)
	require.ErrorContains(t, planOf(t, s).Do(t.Context(), nil), "in use")
	release()
	require.NoError(t, os.WriteFile(filepath.Join(parts, SweepFile), []byte("{"), 0o666))
	_, err = s.Plan()
	require.ErrorContains(t, err, SweepFile)
}

// A trial whose numbers grow out of range is out, and not trained again while its folder is there; any other error ends the sweep.
func TestFailedTrials(t *testing.T) {
	s := sweepOf(t.TempDir(), "lr=0.1,1000")
	do := func(ctx context.Context, r TrialRun) (*Report, error) {
		if r.Trial.Name() == "lr=1000" {
			r.Trainer.OnEpoch = func(train.EpochReport) error { return &train.NonFiniteError{Epoch: 1} }
			return r.Run.Do(ctx)
		}
		return faked(r, 50), nil
	}
	p := planOf(t, s)
	require.NoError(t, p.Do(t.Context(), do))
	r := p.Result(nil)
	require.Equal(t, "lr=0.1", r.Trials[0].Name())
	require.Contains(t, r.Trials[1].Failed, "seed 1")
	require.Nil(t, r.Trials[1].Balanced)
	s.Resume = true
	p = planOf(t, s)
	require.NoError(t, p.Do(t.Context(), func(ctx context.Context, r TrialRun) (*Report, error) {
		require.Equal(t, "lr=0.1", r.Trial.Name())
		return do(ctx, r)
	}))
	require.Equal(t, r.Trials[1].Failed, p.Result(nil).Trials[1].Failed)

	record := text(t, filepath.Join(s.Dir, SweepFile))
	changed := s
	changed.Settings.Decay *= 2
	_, err := changed.Plan()
	require.ErrorContains(t, err, "has another run")
	require.ErrorContains(t, err, "lr=1000_seed=1")
	require.Equal(t, record, text(t, filepath.Join(s.Dir, SweepFile)))
	require.NoError(t, os.RemoveAll(filepath.Join(s.Dir, "3-epochs")))
	p = planOf(t, changed) // of which nothing was tried
	require.NoError(t, p.Do(t.Context(), func(_ context.Context, r TrialRun) (*Report, error) { return faked(r, 50), nil }))
	require.Empty(t, p.Result(nil).Trials[1].Failed)
	require.Empty(t, p.Result(nil).Failures)

	p = planOf(t, sweepOf("", "lr=1000,2000"))
	err = p.Do(t.Context(), func(context.Context, TrialRun) (*Report, error) { return nil, &train.NonFiniteError{} })
	require.ErrorContains(t, err, "every trial that was to have 3 epochs")
	require.ErrorContains(t, err, "one with seed 1")

	s = sweepOf("", "lr=0.1,0.2")
	s.Seeds = []uint64{1, 2}
	p = planOf(t, s)
	require.NoError(t, p.Do(t.Context(), func(_ context.Context, r TrialRun) (*Report, error) {
		if r.Trial.Name() == "lr=0.2" && r.Run.Trainer.Seed == 2 {
			return nil, &train.NonFiniteError{}
		}
		return faked(r, 60), nil
	}))
	failed := p.Result(nil).Trials[1]
	require.Equal(t, "lr=0.2", failed.Name())
	require.Nil(t, failed.Balanced, "that of the first seed is not its")
	p = planOf(t, sweepOf("", "lr=0.1,0.2"))
	disk := errors.New("disk full")
	require.ErrorIs(t, p.Do(t.Context(), func(context.Context, TrialRun) (*Report, error) { return nil, disk }), disk)
}

func TestSweepErrors(t *testing.T) {
	for _, c := range []struct {
		change func(s *Sweep)
		want   string
	}{
		{func(s *Sweep) { s.Axes = nil }, "sweep of nothing"},
		{func(s *Sweep) { s.Axes = append(s.Axes, s.Axes[0]) }, "tau"},
		{func(s *Sweep) { s.Seeds = nil }, "without seeds"},
		{func(s *Sweep) { s.Seeds = []uint64{3, 3} }, "seed 3"},
		{func(s *Sweep) { s.Keep = -1 }, "-1"},
		{func(s *Sweep) { s.Budget = -1 }, "-1"},
		{func(s *Sweep) { s.Settings.Holdout = 0 }, "holdout"},
		{func(s *Sweep) { s.Axes[0].Values = []string{"0.5", "x"} }, `"x"`},
		{func(s *Sweep) { s.Axes[0].Name = "margin" }, "logit-adjusted.tau"},
		{func(s *Sweep) { s.Axes[0] = Axis{"lr", []string{"0"}} }, "lr"},
		{func(s *Sweep) { s.Axes[0] = Axis{"batch", []string{"2.5"}} }, "batch"},
		{func(s *Sweep) { s.Settings.Recipe, s.Axes[0] = "paper", Axis{"lr", []string{"1"}} }, "recipe"},
	} {
		s := sweepOf("", "tau=0.5,1")
		c.change(&s)
		_, err := s.Plan()
		require.ErrorContains(t, err, c.want)
	}
	for _, bad := range []string{"", "tau", "tau=", "tau=1,,2", "=1", "Tau=1", "tau=1,1", "tau=../x", "../x=1"} {
		_, err := ParseAxis(bad)
		require.Error(t, err, bad)
	}
	for _, bad := range []string{"tau", "tau=1,tau=2", "tau=1,"} {
		_, err := ParseSettings(bad)
		require.Error(t, err, bad)
	}
	all, err := ParseSettings("tau=1, own=true")
	require.NoError(t, err)
	require.Equal(t, []Setting{{"tau", "1"}, {"own", "true"}}, all)
}
