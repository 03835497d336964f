package train_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// watcher notes what it is told, and fails where fail says.
type watcher struct {
	calls *[]string
	fail  func(call string) error
}

func (w watcher) tell(format string, args ...any) error {
	call := fmt.Sprintf(format, args...)
	*w.calls = append(*w.calls, call)
	if w.fail == nil {
		return nil
	}
	return w.fail(call)
}

func (w watcher) Begin(epochs, steps int) error { return w.tell("begin %d %d", epochs, steps) }
func (w watcher) Step(s record.State) error     { return w.tell("step %d", s.Number) }
func (w watcher) Epoch(e record.Epoch) error    { return w.tell("epoch %d", e.Epoch) }
func (w watcher) Flush() error                  { return w.tell("flush") }
func (w watcher) End() error                    { return w.tell("end") }

func TestObserversAreToldInOrder(t *testing.T) {
	trainSet, _ := generated(t, 5) // 5 steps an epoch
	var calls []string
	dir := t.TempDir()
	run := func(ctx context.Context, on func(train.StepReport) error) error {
		calls = nil
		tr := short()
		tr.Epochs, tr.OnStep, tr.Observers = 2, on, []record.Observer{watcher{calls: &calls}}
		tr.Checkpoints = train.Checkpoints{Dir: dir, EverySteps: 3, Resume: true}
		_, err := tr.Fit(ctx, mlp(t), trainSet, nil)
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	require.ErrorIs(t, run(ctx, func(s train.StepReport) error {
		if s.Number == 6 {
			cancel()
		}
		return nil
	}), context.Canceled)
	require.Equal(t, "begin 0 0, step 0, step 1, step 2, flush, step 3, step 4, epoch 0, flush, step 5, step 6, flush, end", strings.Join(calls, ", "))
	require.NoError(t, run(context.Background(), nil))
	require.Equal(t, "begin 1 7, step 7, flush, step 8, step 9, epoch 1, flush, end", strings.Join(calls, ", "))
	require.NoError(t, run(context.Background(), nil))
	require.Equal(t, "begin 2 10, end", strings.Join(calls, ", "), "nothing is left to do")
}

// The error of a hook ends the run, which says whose it was and where. What is saved goes on to the same end, and the hook is
// told again of an epoch that it failed at.
func TestTheErrorOfAHookEndsTheRun(t *testing.T) {
	trainSet, test := generated(t, 5)
	mine := errors.New("the disk is full")
	base := func(dir string) train.Trainer {
		tr := short()
		tr.Epochs, tr.Validation = 2, test
		tr.Checkpoints = train.Checkpoints{Dir: dir, EverySteps: 3, Resume: true}
		return tr
	}
	n := mlp(t)
	want := resultText(t, fit(t, base(t.TempDir()), n, trainSet, nil))
	for text, c := range map[string]struct {
		set    func(*train.Trainer)
		newest string // checkpoint
	}{
		"train: stopped in epoch 1 at step 2: OnStep of step 1: ": {func(tr *train.Trainer) {
			tr.OnStep = func(s train.StepReport) error {
				if s.At.Epoch == 1 && s.At.Step == 1 {
					return mine
				}
				return nil
			}
		}, "e1 s0"},
		"train: after epoch 1: OnEpoch of epoch 1: ": {func(tr *train.Trainer) {
			tr.OnEpoch = func(e train.EpochReport) error {
				if e.Epoch == 1 {
					return mine
				}
				return nil
			}
		}, "e1 s3"},
		"train: stopped in epoch 0 at step 1: OnWarning: ": {func(tr *train.Trainer) {
			tr.SkipNonFinite = 1
			spoil(tr, 0)
			tr.OnWarning = func(train.Warning) error { return mine }
		}, ""},
		"train: Observers[0] (train_test.watcher) at the beginning: ":                            {failAt("begin", mine), ""},
		"train: stopped in epoch 1 at step 1: Observers[0] (train_test.watcher) of step 0: ":     {failAt("step 5", mine), "e1 s0"},
		"train: after epoch 1: Observers[0] (train_test.watcher) of epoch 1: ":                   {failAt("epoch 1", mine), "e1 s3"},
		"train: stopped in epoch 0 at step 3: Observers[0] (train_test.watcher) before saving: ": {failAt("flush", mine), ""},
		"train: Observers[0] (train_test.watcher) at the end: ":                                  {failAt("end", mine), "e2 s0"},
	} {
		dir := t.TempDir()
		tr, other := base(dir), mlp(t)
		c.set(&tr)
		r, err := tr.Fit(context.Background(), other, trainSet, nil)
		require.ErrorIs(t, err, mine, text)
		require.ErrorContains(t, err, text)
		require.NotNil(t, r)
		if c.newest == "" {
			require.Empty(t, r.Checkpoint)
			continue
		}
		require.True(t, strings.HasSuffix(listed(t, dir), c.newest), listed(t, dir))
		tr, other = base(dir), mlp(t)
		epochs := 0
		tr.OnEpoch = func(e train.EpochReport) error { epochs++; return nil }
		require.Equal(t, want, resultText(t, fit(t, tr, other, trainSet, nil)), text)
		require.Equal(t, state(n, nil), state(other, nil), text)
		if c.newest != "e2 s0" {
			require.Equal(t, 1, epochs, "the second epoch is told of again")
		}
	}
}

func failAt(call string, err error) func(*train.Trainer) {
	return func(tr *train.Trainer) {
		tr.Observers = []record.Observer{watcher{calls: new([]string), fail: func(c string) error {
			if strings.HasPrefix(c, call) {
				return err
			}
			return nil
		}}}
	}
}

// Files of the library attach in a line.
func TestFilesOfARun(t *testing.T) {
	trainSet, test := generated(t, 5)
	dir := t.TempDir()
	tr := short()
	tr.Epochs, tr.EMA.Decay, tr.Validation, tr.Observers = 2, 0.5, test, []record.Observer{&record.Files{Dir: dir}}
	fit(t, tr, mlp(t), trainSet, test)
	for name, rows := range map[string]int{"steps.csv": 10 * 6, "metrics.csv": 2 * (5 + 4*3)} {
		lines := csvLines(t, filepath.Join(dir, name))
		require.GreaterOrEqual(t, len(lines), rows, name)
	}
	text := strings.Join(csvLines(t, filepath.Join(dir, "metrics.csv")), "\n")
	for _, name := range []string{"loss/ce", "lr", "validation/top1", "validation/macro F1 of the average weights", "test/balanced accuracy"} {
		require.Contains(t, text, "1,"+name+",")
	}
}

// A hook sees the average weights: here it evaluates them as the trainer does.
func TestTheAverageIsReachableInHooks(t *testing.T) {
	trainSet, test := generated(t, 10)
	tr, n := short(), resNet(t, 1)
	tr.Epochs, tr.EMA.Decay = 2, 0.9
	epochs := 0
	tr.OnEpoch = func(e train.EpochReport) error {
		epochs++
		c, err := (&hybrid.Evaluator{Weights: e.Average}).Confusion(context.Background(), n, test)
		require.NoError(t, err)
		require.Equal(t, e.EMA.Top1, c.Top1())
		return hybrid.SaveWith(filepath.Join(t.TempDir(), "average"), n, e.Average, hybrid.AboutOf(trainSet))
	}
	r := fit(t, tr, n, trainSet, test)
	require.Equal(t, 2, epochs)
	require.Nil(t, r.Epochs[0].Average, "they have moved on since")
}

// Whoever ends the context says why.
func TestTheCauseOfACancelledRun(t *testing.T) {
	trainSet, test := generated(t, 5)
	why := errors.New("the machine is needed")
	for name, set := range map[string]func(*train.Trainer, func()){
		"in a step": func(tr *train.Trainer, stop func()) {
			tr.OnStep = func(train.StepReport) error { stop(); return nil }
		},
		"in an evaluation": func(tr *train.Trainer, stop func()) {
			tr.Validation = with{Dataset: test, label: func(i int) int { return test.Label(i) }}
			tr.LimitSteps = 1
			tr.OnStep = func(train.StepReport) error { stop(); return nil }
		},
	} {
		ctx, cancel := context.WithCancelCause(context.Background())
		tr := short()
		tr.Checkpoints.Dir = t.TempDir()
		set(&tr, func() { cancel(why) })
		r, err := tr.Fit(ctx, mlp(t), trainSet, nil)
		require.ErrorIs(t, err, why, name)
		require.ErrorIs(t, err, context.Canceled, name)
		require.NotEmpty(t, r.Checkpoint, name)
	}
}
