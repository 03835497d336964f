package train_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/gonum"
)

func listed(t *testing.T, dir string) string {
	t.Helper()
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, f := range all {
		names = append(names, strings.NewReplacer("epoch-000", "e", "-step-00000", " s").Replace(f.Name()))
	}
	return strings.Join(names, ", ")
}

func TestWhenARunIsSaved(t *testing.T) {
	trainSet, test := generated(t, 10) // 10 steps an epoch
	for want, c := range map[string]train.Checkpoints{
		"e1 s0, e2 s0, e3 s0": {Keep: 9},
		"e2 s0, e3 s0":        {Keep: 9, EveryEpochs: 2},
		"e0 s4, e0 s8, e1 s0, e1 s4, e1 s8, e2 s0, e2 s4, e2 s8, e3 s0": {Keep: 9, EverySteps: 4},
		"e3 s0":        {Keep: 9, EveryEpochs: 7},
		"e2 s8, e3 s0": {Keep: 2, EverySteps: 4},
	} {
		tr := short()
		tr.Epochs, tr.Checkpoints = 3, c
		tr.Checkpoints.Dir = filepath.Join(t.TempDir(), "new")
		r := fit(t, tr, mlp(t), trainSet, nil)
		require.Equal(t, want, listed(t, tr.Checkpoints.Dir))
		require.Equal(t, filepath.Join(tr.Checkpoints.Dir, "epoch-0003-step-000000"), r.Checkpoint)
	}

	tr := short()
	tr.Epochs, tr.Checkpoints = 6, train.Checkpoints{Dir: t.TempDir(), Keep: 1}
	tr.Validation = test
	r := fit(t, tr, mlp(t), trainSet, nil)
	best, err := checkpoint.Store{Dir: tr.Checkpoints.Dir}.Best()
	require.NoError(t, err)
	require.Equal(t, r.Best.Epoch+1, best.Run.Epoch)
	require.Equal(t, r.Best.Score, *best.Run.Score)

	n := mlp(t)
	require.NoError(t, best.Load("model", n), "it is a file of the network")
	confusion, err := n.Evaluate(context.Background(), test, 0)
	require.NoError(t, err)
	require.Equal(t, r.Best.Score, float64(confusion.Top1()))
}

func TestACancelledRunIsSaved(t *testing.T) {
	trainSet, test := generated(t, 10)
	ctx, cancel := context.WithCancel(context.Background())
	tr, n := short(), resNet(t, 1)
	tr.Epochs, tr.Checkpoints.Dir = 3, t.TempDir()
	var kept map[string][]float32
	tr.OnStep = func(s train.StepReport) error {
		if s.At.Epoch == 1 && s.At.Step == 3 {
			kept = state(n, nil)
			cancel()
		}
		return nil
	}
	r, err := tr.Fit(ctx, n, trainSet, test)
	path := filepath.Join(tr.Checkpoints.Dir, "epoch-0001-step-000004")
	require.ErrorIs(t, err, context.Canceled)
	require.EqualError(t, err, "train: stopped in epoch 1 at step 4: context canceled (saved in "+path+")")
	require.Equal(t, path, r.Checkpoint)
	require.Len(t, r.Epochs, 2)
	c, err := checkpoint.Open(path)
	require.NoError(t, err)
	other := resNet(t, 2)
	require.NoError(t, c.Load("model", other))
	require.Equal(t, kept, state(other, nil))
}

func TestADirectoryOfAnotherRunIsRefused(t *testing.T) {
	trainSet, _ := generated(t, 5)
	tr := short()
	tr.Checkpoints.Dir = t.TempDir()
	fit(t, tr, mlp(t), trainSet, nil)
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: "+tr.Checkpoints.Dir+" has checkpoints of an earlier run, the newest epoch-0001-step-000000: "+
		"set Checkpoints.Resume to go on with it, or choose another directory")
}

func TestAFinishedRunIsNotTrainedAgain(t *testing.T) {
	trainSet, test := generated(t, 5)
	tr := short()
	tr.Checkpoints = train.Checkpoints{Dir: t.TempDir(), Resume: true}
	n := mlp(t)
	want := fit(t, tr, n, trainSet, test)
	tr.OnStep = func(train.StepReport) error { t.Fatal("a step"); return nil }
	other := mlp(t)
	got := fit(t, tr, other, trainSet, test)
	require.Equal(t, resultText(t, want), resultText(t, got))
	require.Equal(t, want.Seconds, got.Seconds)
	require.Equal(t, want.Checkpoint, got.Checkpoint)
	require.Equal(t, state(n, nil), state(other, nil))
}

// What differs from the run that is gone on with is named, with what it was and is, and the network stays as it was.
func TestResumeRefusesOtherSettings(t *testing.T) {
	trainSet, test := generated(t, 9)
	less, err := dataset.Subset(trainSet, []int{0, 9, 18, 27, 1, 10, 19, 28, 2})
	require.NoError(t, err)
	base := func(dir string) train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Epochs: 4, Batch: 8, Seed: 1, Notes: manifest.Notes{Method: "sc"},
			LearningRate: schedule.MultiStep{Base: 0.5, Milestones: []int{2, 3}},
			Checkpoints:  train.Checkpoints{Dir: dir, Resume: true}}
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	tr := base(dir)
	tr.OnEpoch = func(train.EpochReport) error { cancel(); return nil }
	_, err = tr.Fit(ctx, resNet(t, 1), trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	path := filepath.Join(dir, "epoch-0001-step-000000")

	for want, change := range map[string]func(*train.Trainer){
		"training.batch was 8, now it is 9":                 func(t *train.Trainer) { t.Batch = 9 },
		"training.seed was 1, now it is 2":                  func(t *train.Trainer) { t.Seed = 2 },
		"training.accumulate was 1, now it is 2":            func(t *train.Trainer) { t.Accumulate = 2 },
		"training.limit_steps was 0, now it is 1":           func(t *train.Trainer) { t.LimitSteps = 1 },
		"training.eval_every was 1, now it is 2":            func(t *train.Trainer) { t.EvalEvery = 2 },
		`training.clip_norm was "", now it is "1.5"`:        func(t *train.Trainer) { t.ClipNorm = 1.5 },
		`training.ema was "", now it is "{Decay: 0.99}"`:    func(t *train.Trainer) { t.EMA.Decay = 0.99 },
		"training.skip_non_finite was 0, now it is 3":       func(t *train.Trainer) { t.SkipNonFinite = 3 },
		`training.method was "sc", now it is ""`:            func(t *train.Trainer) { t.Notes = manifest.Notes{} },
		`training.blas was "", now it is "gonum.Implement`:  func(t *train.Trainer) { t.BLAS = gonum.Implementation{} },
		`selection was "last epoch", now it is "best on h`:  func(t *train.Trainer) { t.Validation = test },
		`training.score was "", now it is "func"`:           func(t *train.Trainer) { t.Score = func(train.EpochReport) float64 { return 0 } },
		`now it is "optim.SGD{Momentum: 0.9, WeightDecay: `: func(t *train.Trainer) { t.Optimizer = optim.SGD{Momentum: 0.9, WeightDecay: 0.1} },
		`now it is "optim.AdamW"`:                           func(t *train.Trainer) { t.Optimizer = optim.AdamW{} },
		`training.learning_rate was "schedule.MultiStep{Base: 0.5, Milestones: [2, 3]}", now it is "schedule.MultiStep{Base: 0.25, Mi`: func(t *train.Trainer) {
			t.LearningRate = schedule.MultiStep{Base: 0.25, Milestones: []int{2, 3}}
		},
		"training.epochs was 4, now it is 5": func(t *train.Trainer) { t.Epochs = 5 },
		// A schedule of a function is told by its values, which depend on the epochs.
		`training.learning_rate was "schedule.MultiStep{Base: 0.5, Milestones: [2, 3]}", now it is "schedule.Func(func){values: `: func(t *train.Trainer) {
			t.LearningRate = schedule.Func(func(schedule.Progress) float64 { return 0.5 })
		},
		`training.streams[0].terms[0].settings.Temperature was "0.1", now it is "0.2"`: func(t *train.Trainer) { t.Streams = hybrid.SC(0.2) },
		`training.streams[1].terms[0].weight was "schedule.complement{of: schedule.Curriculum}", now it is "schedule.complement{of: schedule.Constant(0.5)}`: func(t *train.Trainer) {
			t.Streams[1].Terms[0].Weight = schedule.Complement(schedule.Constant(0.5))
		},
		`training.streams[1].sampler was "sampler.ClassBalanced", now it is "sampler.ClassBalanced{SkipEmpty: true}"`: func(t *train.Trainer) {
			t.Streams[1].Sampler = sampler.ClassBalanced{SkipEmpty: true}
		},
		`training.streams[0].views was [["augment.Crop{Padding: 4}"`: func(t *train.Trainer) {
			t.Streams[0].Views = []augment.Transform{t.Streams[0].Views[0], augment.Compose{augment.Crop{Padding: 4}, augment.Flip{P: 0.25}, augment.Grayscale{P: 0.2}}}
		},
	} {
		refused(t, path, want, base(dir), change, resNet(t, 1), trainSet, test)
	}
	same := func(*train.Trainer) {}
	for want, c := range map[string]struct {
		n              *hybrid.Network
		trainSet, test dataset.Dataset
	}{
		"data.train_counts was [9,9,9,9], now it is [3,2,2,2]":                                                                    {resNet(t, 1), less, test},
		"data.test_counts was [20,20,20,20], now it is [9,9,9,9]":                                                                 {resNet(t, 1), trainSet, trainSet},
		"data.test_counts was [20,20,20,20], now it is none":                                                                      {resNet(t, 1), trainSet, nil},
		"network.separate_passes was false, now it is true":                                                                       {resNet(t, 1, hybrid.WithSeparatePasses()), trainSet, test},
		`network.classifier was "nn.Linear`:                                                                                       {resNet(t, 1, hybrid.WithCosineClassifier()), trainSet, test},
		`network.frozen was none, now it is ["classifier.weight","classifier.bias"]`:                                              {frozen(t), trainSet, test},
		`network.frozen was none, now it is ["backbone.layer2.0.bn1.running_mean",`:                                               {frozenStatistics(t), trainSet, test},
		`network.normalize was "black [-2 -2 `:                                                                                    {resNet(t, 1, hybrid.WithNormalize(augment.Normalize{Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{1, 1, 1}})), trainSet, test},
		`network.backbone was "CIFAR ResNet-8, width 4", now it is "CIFAR ResNet-8, width 8"; network.width was 4, now it is 8; `: {sized(t, 8, 8), trainSet, test},
		`network.backbone was "CIFAR ResNet-8, width 4", now it is "CIFAR ResNet-14, width 4"; network.parameters was `:           {sized(t, 14, 4), trainSet, test},
	} {
		refused(t, path, want, base(dir), same, c.n, c.trainSet, c.test)
	}

	// These may differ.
	tr = base(dir)
	tr.WarnAfter, tr.OnStep, tr.OnWarning = 5, func(train.StepReport) error { return nil }, func(train.Warning) error { return nil }
	tr.Checkpoints.Keep, tr.Checkpoints.EverySteps, tr.Workers = 1, 1, 5
	procs := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(procs)
	runtime.GOMAXPROCS(procs + 1)
	require.Len(t, fit(t, tr, resNet(t, 1), trainSet, test).Epochs, 4)
}

func refused(t *testing.T, path, want string, tr train.Trainer, change func(*train.Trainer), n *hybrid.Network, trainSet, test dataset.Dataset) {
	t.Helper()
	change(&tr)
	before := state(n, nil)
	_, err := tr.Fit(context.Background(), n, trainSet, test)
	require.ErrorContains(t, err, "train: resuming from "+path+": it is another run: ")
	require.ErrorContains(t, err, want)
	require.ErrorContains(t, err, ": set it as it was, or begin a run in another directory")
	require.Equal(t, before, state(n, nil))
}

func frozen(t *testing.T) *hybrid.Network {
	n := resNet(t, 1)
	nn.Freeze(n.Classifier, true)
	return n
}

func frozenStatistics(t *testing.T) *hybrid.Network {
	n := resNet(t, 1)
	_, err := nn.FreezeStatistics(n, "backbone.layer2.0")
	require.NoError(t, err)
	return n
}

func sized(t *testing.T, depth, width int) *hybrid.Network {
	b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: depth, Width: width})
	require.NoError(t, err)
	return newNetwork(t, b)
}

// broken is a loss whose state cannot be saved after so many times.
type broken struct {
	loss.CrossEntropy
	left int
}

func (b *broken) Visit(v nn.Visitor)             { v.State("note", b) }
func (b *broken) UnmarshalBinary(t []byte) error { return nil }
func (b *broken) MarshalBinary() ([]byte, error) {
	if b.left--; b.left < 0 {
		return nil, errors.New("no space left on device")
	}
	return binary.LittleEndian.AppendUint64(nil, 1), nil
}

func TestAFailedSaveEndsTheRunAndSaysWhatIsLeft(t *testing.T) {
	trainSet, _ := generated(t, 5)
	dir := t.TempDir()
	run := func(saves int) (*train.Result, error) {
		tr := short()
		tr.Epochs, tr.Checkpoints = 3, train.Checkpoints{Dir: dir, EverySteps: 2, Keep: 1}
		tr.Streams = []hybrid.Stream{ordered(hybrid.Term{Name: "broken", Loss: &broken{left: saves}})}
		return tr.Fit(context.Background(), mlp(t), trainSet, nil)
	}
	_, err := run(0)
	fault := `: safetensors: state "losses.broken.note": no space left on device`
	first := filepath.Join(dir, "epoch-0000-step-000002")
	require.EqualError(t, err, "train: stopped in epoch 0 at step 2: checkpoint: saving "+first+fault+"; there is no checkpoint before it")
	require.Equal(t, "", listed(t, dir))

	r, err := run(1)
	require.EqualError(t, err, "train: stopped in epoch 0 at step 4: checkpoint: saving "+filepath.Join(dir, "epoch-0000-step-000004")+fault+
		"; the checkpoint before it is intact: "+first)
	require.Equal(t, first, r.Checkpoint)
	require.Equal(t, 4, r.Epochs[0].Steps)
	require.Equal(t, "e0 s2", listed(t, dir))

	require.NoError(t, os.RemoveAll(first))
	_, err = run(2)
	require.EqualError(t, err, "train: after epoch 0: checkpoint: saving "+filepath.Join(dir, "epoch-0001-step-000000")+fault+
		"; the checkpoint before it is intact: "+filepath.Join(dir, "epoch-0000-step-000004"))
	require.Equal(t, "e0 s4", listed(t, dir))
}

func TestADamagedCheckpointIsPassedOverWithAWarning(t *testing.T) {
	trainSet, test := generated(t, 5)
	run := func(dir string, warn func(train.Warning) error) (*hybrid.Network, *train.Result, error) {
		tr, n := short(), mlp(t)
		tr.Epochs, tr.Checkpoints, tr.OnWarning = 3, train.Checkpoints{Dir: dir, Resume: true}, warn
		r, err := tr.Fit(context.Background(), n, trainSet, test)
		return n, r, err
	}
	dir := t.TempDir()
	n, want, err := run(dir, nil)
	require.NoError(t, err)
	bad := filepath.Join(dir, "epoch-0003-step-000000")
	require.NoError(t, os.Truncate(filepath.Join(bad, "optimizer.safetensors"), 20))
	var warnings []train.Warning
	other, got, err := run(dir, func(w train.Warning) error { warnings = append(warnings, w); return nil })
	require.NoError(t, err)
	require.Len(t, got.PassedOver, 1)
	require.Contains(t, got.PassedOver[0], bad, "without OnWarning too")
	_, later, err := run(dir, nil)
	require.NoError(t, err)
	require.Equal(t, got.PassedOver, later.PassedOver, "the run remembers")
	got.PassedOver = nil
	require.Equal(t, resultText(t, want), resultText(t, got))
	require.Equal(t, state(n, nil), state(other, nil))
	require.Len(t, warnings, 1)
	require.Equal(t, train.DamagedCheckpoint, warnings[0].Kind)
	require.Contains(t, warnings[0].String(), "a checkpoint is passed over: checkpoint: "+filepath.Join(bad, "optimizer.safetensors")+": damaged: ")
	_, err = checkpoint.Open(bad)
	require.NoError(t, err, "it was written anew")

	for _, e := range []string{"1", "2", "3"} {
		require.NoError(t, os.Remove(filepath.Join(dir, "epoch-000"+e+"-step-000000", "run.json")))
	}
	_, _, err = run(dir, nil)
	require.ErrorContains(t, err, "train: resuming: checkpoint: "+dir+": no checkpoint is intact: ")
}

func TestWeightsThatAreNotFiniteAreNeverSaved(t *testing.T) {
	trainSet, _ := generated(t, 5)
	tr := short()
	tr.Checkpoints = train.Checkpoints{Dir: t.TempDir(), EverySteps: 1}
	tr.LearningRate = schedule.Func(func(p schedule.Progress) float64 {
		if p.Step == 2 {
			return 1e39
		}
		return 0.01
	})
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	var bad *train.NonFiniteError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, 2, bad.Step)
	newest := filepath.Join(tr.Checkpoints.Dir, "epoch-0000-step-000002")
	require.Equal(t, newest, bad.Checkpoint)
	require.True(t, strings.HasSuffix(err.Error(), "; the newest checkpoint is "+newest), err)
	require.Equal(t, "e0 s1, e0 s2", listed(t, tr.Checkpoints.Dir))
}

// A sampler that does not keep its promise would go on with other images than it began with.
func TestASamplerThatForgetsIsFound(t *testing.T) {
	trainSet, _ := generated(t, 5)
	dir := t.TempDir()
	forgetful := func(first int) train.Trainer {
		tr := short()
		tr.Streams[0].Sampler = &counting{first: first}
		tr.Checkpoints = train.Checkpoints{Dir: dir, EverySteps: 2, Resume: true}
		return tr
	}
	tr := forgetful(0)
	tr.OnStep = func(s train.StepReport) error {
		if s.At.Step == 3 {
			panic("crash")
		}
		return nil
	}
	require.Panics(t, func() { _, _ = tr.Fit(context.Background(), mlp(t), trainSet, nil) })
	_, err := forgetful(1).Fit(context.Background(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: resuming from "+filepath.Join(dir, "epoch-0000-step-000002")+": the samplers draw other images in epoch 0 than "+
		"they did: a sampler must depend on nothing but its arguments")
}

type counting struct{ first int }

func (c *counting) Epoch(labels []int, p sampler.Plan) ([]int, error) {
	order, err := inOrder{}.Epoch(labels, p)
	order[0] = c.first
	return order, err
}

func TestCheckpointSettingsAreChecked(t *testing.T) {
	trainSet, _ := generated(t, 5)
	for want, change := range map[string]func(*train.Trainer){
		"train: Trainer.Checkpoints.Resume needs Checkpoints.Dir: the directory of the run to go on with": func(t *train.Trainer) { t.Checkpoints.Resume = true },
		"train: Trainer.Checkpoints.EverySteps -1 must not be negative":                                   func(t *train.Trainer) { t.Checkpoints.EverySteps = -1 },
		"train: Trainer.Checkpoints.EveryEpochs -2 must not be negative":                                  func(t *train.Trainer) { t.Checkpoints.EveryEpochs = -2 },
		"train: Trainer.Checkpoints.Keep -3 must not be negative":                                         func(t *train.Trainer) { t.Checkpoints.Keep = -3 },
		"train: Trainer.SkipNonFinite -4 must not be negative":                                            func(t *train.Trainer) { t.SkipNonFinite = -4 },
		"train: Trainer.WarnAfter -5 must not be negative":                                                func(t *train.Trainer) { t.WarnAfter = -5 },
		"train: Trainer.Accumulate -6 must not be negative":                                               func(t *train.Trainer) { t.Accumulate = -6 },
		"train: Trainer.EMA.Decay 1 must be above 0 and below 1, or 0 for no average":                     func(t *train.Trainer) { t.EMA.Decay = 1 },
		"train: Trainer.EMA.Decay NaN must be above 0 and below 1, or 0 for no average":                   func(t *train.Trainer) { t.EMA.Decay = math.NaN() },
		"train: Trainer.EMA.Warmup needs EMA.Decay: set it, commonly to 0.999":                            func(t *train.Trainer) { t.EMA.Warmup = true },
	} {
		tr := short()
		change(&tr)
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
		require.EqualError(t, err, want)
	}
}

// What is saved says what the run was, the processor included: another level of instructions has other bits.
func TestSettingsAreSavedWithTheRun(t *testing.T) {
	trainSet, _ := generated(t, 5)
	tr := short()
	tr.Checkpoints.Dir = t.TempDir()
	r := fit(t, tr, mlp(t), trainSet, nil)
	c, err := checkpoint.Open(r.Checkpoint)
	require.NoError(t, err)
	settings := string(c.Manifest)
	require.Contains(t, settings, `"cpu_level": "`+kernels.Level()+`"`)
	require.Contains(t, settings, `"batch": 4`)
	require.NotContains(t, settings, tr.Checkpoints.Dir)
}

// An epoch that EveryEpochs leaves out is saved with its score when the run is cancelled behind it.
func TestACancelledRunKeepsTheScoreOfItsLastEpoch(t *testing.T) {
	trainSet, test := generated(t, 6)
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	tr := train.Trainer{Streams: hybrid.CE(), Epochs: 9, Batch: 8, LearningRate: schedule.Constant(0.05), Validation: test,
		Checkpoints: train.Checkpoints{Dir: dir, EveryEpochs: 5}, OnEpoch: func(e train.EpochReport) error {
			if e.Epoch == 1 {
				cancel()
			}
			return nil
		}}
	result, err := tr.Fit(ctx, mlp(t), trainSet, nil)
	require.ErrorIs(t, err, context.Canceled)
	c, _, err := checkpoint.Store{Dir: dir}.Newest()
	require.NoError(t, err)
	require.Equal(t, 2, c.Run.Epoch)
	require.NotNil(t, c.Run.Score)
	require.Equal(t, *result.Epochs[1].Score, *c.Run.Score)
}
