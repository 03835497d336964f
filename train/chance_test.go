package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// warningsOf trains on 40 images in batches of 8, five steps an epoch.
func warningsOf(t *testing.T, n *hybrid.Network, data dataset.Dataset, tr train.Trainer) (all []train.Warning) {
	t.Helper()
	tr.Batch, tr.WarnAfter = 8, 60
	tr.OnWarning = func(w train.Warning) error { all = append(all, w); return nil }
	fit(t, tr, n, data, nil)
	return all
}

func kinds(all []train.Warning) (kinds []train.WarningKind) {
	for _, w := range all {
		kinds = append(kinds, w.Kind)
	}
	return kinds
}

func TestALossThatStaysAtChanceIsWarnedOf(t *testing.T) {
	trainSet, _ := generated(t, 10)
	for name, c := range map[string]struct {
		streams hybrid.Streams
		chance  float64
	}{
		"sc": {hybrid.SC(0.1)[:1], math.Log(15)}, "ce": {hybrid.CE(), math.Log(4)}, "psc": {hybrid.PSC(0.5)[:1], math.Log(3)},
	} {
		tr := train.Trainer{Streams: c.streams, Epochs: 40, LearningRate: schedule.Constant(1e-9)}
		all := warningsOf(t, resNet(t, 1), trainSet, tr)
		require.Equal(t, []train.WarningKind{train.AtChance}, kinds(all), "%s: once in 200 steps: %v", name, all)
		require.Equal(t, name, all[0].Term)
		require.InDelta(t, c.chance, all[0].Expected, 1e-5)
		require.Greater(t, all[0].Value, 0.995*c.chance)
		require.Contains(t, all[0].String(), name)
		require.Contains(t, all[0].String(), "learning rate")
	}
}

// A black image is as good as another.
func TestEmbeddingsThatAreAllAlikeAreWarnedOf(t *testing.T) {
	trainSet, _ := generated(t, 10)
	black := with{Dataset: trainSet, image: func(_ int, dst *dataset.Image) error {
		dst.Resize(trainSet.Shape())
		clear(dst.Pix)
		return nil
	}}
	all := warningsOf(t, mlp(t), black, train.Trainer{Streams: hybrid.SC(0.1)[:1], Epochs: 13, LearningRate: schedule.Constant(0.01)})
	require.Len(t, all, 1)
	require.Equal(t, train.AtChance, all[0].Kind)
	require.InDelta(t, math.Log(15), all[0].Value, 1e-4)
}

// The paper's rate at a 64th of its batch.
func TestARateThatIsFarTooHighIsWarnedOfBeforeAndAfter(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := train.Trainer{Streams: hybrid.SC(0.1)[:1], Epochs: 26, LearningRate: schedule.Constant(0.5)}
	all := warningsOf(t, resNet(t, 1), trainSet, tr)
	require.Equal(t, []train.WarningKind{train.HighRate, train.AtChance}, kinds(all), "%v", all)

	var steep []train.Warning
	tr = train.Trainer{Streams: hybrid.Streams{ordered(hybrid.Term{Name: "ldam", Loss: &loss.LDAM{}})}, Epochs: 2, Batch: 8,
		LearningRate: schedule.Constant(0.5), OnWarning: func(w train.Warning) error { steep = append(steep, w); return nil }}
	_, _ = tr.Fit(context.Background(), mlp(t), trainSet, nil) // which may end it: not every processor gets as far as infinity
	require.Equal(t, []train.WarningKind{train.HighRate, train.Jumped}, kinds(steep), "%v", steep)
}

// scripted is a loss whose values, and what it is by chance, are given by step; with a small gradient.
type scripted struct {
	value  func(step int) float64
	chance func() float64
}

func (s scripted) Needs() loss.Needs { return loss.Needs{Logits: true} }

func (s scripted) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	t := in.Logits.Tape()
	y := t.Tensor()
	if !t.Mode().Train {
		y.Data()[0] = float32(s.chance())
		return t.Const(y), loss.Stats{}
	}
	y.Data()[0] = float32(s.value(5*in.At.Epoch + in.At.Step))
	return autograd.Add(t.Const(y), autograd.Scale(autograd.Mean(in.Logits), 1e-9)), loss.Stats{}
}

// follow trains by a scripted loss for 200 steps.
func follow(t *testing.T, chance float64, value func(step int) float64) []train.Warning {
	return followBy(t, scripted{value, func() float64 { return chance }}, 1)
}

func followBy(t *testing.T, l scripted, weight float64) []train.Warning {
	t.Helper()
	trainSet, _ := generated(t, 10)
	one := scripted{func(int) float64 { return 1 }, func() float64 { return 2 }}
	return warningsOf(t, mlp(t), trainSet, train.Trainer{Epochs: 40, LearningRate: schedule.Constant(1e-9), Streams: hybrid.Streams{
		ordered(hybrid.Term{Name: "one", Loss: one}, hybrid.Term{Name: "x", Loss: l, Weight: schedule.Constant(weight)})}})
}

func TestWhatIsChance(t *testing.T) {
	at := func(v float64) func(int) float64 { return func(int) float64 { return v } }
	all := follow(t, 5, at(5.02))
	require.Len(t, all, 1)
	require.Equal(t, train.Warning{Kind: train.AtChance, At: schedule.Progress{Epoch: 11, Epochs: 40, Step: 4, Steps: 5}, Term: "x", Steps: 60,
		Value: all[0].Value, Expected: 5}, all[0], "after 60 steps")
	require.InDelta(t, 5.02, all[0].Value, 1e-5)
	require.Len(t, follow(t, 5, at(8)), 1, "worse than chance")

	require.Empty(t, follow(t, 5, at(4.97)))
	require.Len(t, follow(t, 5, at(4.98)), 1)
	require.Empty(t, follow(t, 5, func(step int) float64 { return 12 - 0.03*float64(step) }), "it falls")
	require.Len(t, follow(t, 5, func(step int) float64 { return 5 + 0.001*float64(step) }), 1)
	back := func(step int) float64 {
		if step >= 60 && step < 120 {
			return 4
		}
		return 5
	}
	require.Len(t, follow(t, 5, back), 2, "it left, and is back")

	for _, chance := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		require.Empty(t, follow(t, chance, at(5)), "a penalty")
	}
	require.Empty(t, followBy(t, scripted{at(5), func() float64 { panic(&tensor.Error{Op: "test"}) }}, 1), "it cannot say")
	require.Empty(t, followBy(t, scripted{at(5), func() float64 { return 5 }}, 0.1), "less than a tenth of the weights")
	require.Len(t, followBy(t, scripted{at(5), func() float64 { return 5 }}, 0.12), 1)
}

func TestALossThatMultipliesIsWarnedOf(t *testing.T) {
	jump := func(before float64, after ...float64) func(int) float64 {
		return func(step int) float64 {
			if step < 60 || step >= 60+len(after) {
				return before
			}
			return after[step-60]
		}
	}
	all := follow(t, 2, jump(0.45, 9.7))
	require.Len(t, all, 1)
	require.Equal(t, train.Warning{Kind: train.Jumped, At: schedule.Progress{Epoch: 12, Epochs: 40, Step: 0, Steps: 5}, Term: "x",
		Value: all[0].Value, Expected: all[0].Expected}, all[0])
	require.InDelta(t, 9.7, all[0].Value, 1e-5)
	require.InDelta(t, 0.45, all[0].Expected, 0.01)
	require.Contains(t, all[0].String(), "rose to 9.7 from about 0.45")

	require.Len(t, follow(t, 2, jump(0.5, 1, 2, 4, 8, 16, 32, 64)), 1, "in a few steps")
	require.Len(t, follow(t, 2, jump(-0.5, 8)), 1)
	first := func(step int) float64 { return []float64{1.5, 97}[min(step, 1)] / float64(1+99*(step/2)) }
	require.Len(t, follow(t, 2, first), 1, "in the second step")
	require.Empty(t, follow(t, 2, func(step int) float64 { return []float64{0.06, 3.9, 1.5}[min(step, 2)] }), "begins near 0 by accident")
	wild := func(step int) float64 { return []float64{0.1, 0.1, 0.1, 0.1, 0.1, 50}[step%6] }
	require.LessOrEqual(t, len(follow(t, 2, wild)), 4, "not at each jump")

	for why, value := range map[string]func(int) float64{
		"below twice the chance, noise": jump(0.01, 3.9), "back where it began": func(step int) float64 { return 30 * math.Abs(math.Cos(float64(step)/20)) },
		"fivefold": jump(1, 5), "negative": jump(-15, -1, 3), "a negative loss grows": jump(-1, -100),
	} {
		require.NotContains(t, kinds(follow(t, 2, value)), train.Jumped, why)
	}
	require.Empty(t, followBy(t, scripted{jump(0.45, 97), func() float64 { return 2 }}, 0.1), "less than a tenth of the weights")
}

func TestALearningRateFarAboveTheRecipesIsWarnedOf(t *testing.T) {
	trainSet, _ := generated(t, 10)
	const recipe = 0.0078125 // for a batch of 8
	heavy := func(m float64) optim.Rule { return optim.SGD{Momentum: m} }
	for name, c := range map[string]struct {
		tr   train.Trainer
		want float64 // the recipe's rate; 0: no warning
	}{
		"0.5":                {train.Trainer{LearningRate: schedule.Constant(0.5)}, recipe},
		"five times":         {train.Trainer{LearningRate: schedule.Constant(5 * recipe)}, recipe},
		"four times":         {train.Trainer{LearningRate: schedule.Constant(4 * recipe)}, 0},
		"low":                {train.Trainer{LearningRate: schedule.Constant(recipe / 100)}, 0},
		"default":            {train.Trainer{}, 0},
		"accumulated":        {train.Trainer{LearningRate: schedule.Constant(5 * recipe), Accumulate: 2}, 0},
		"warm-up":            {train.Trainer{LearningRate: schedule.Warmup{Epochs: 2, Then: schedule.Constant(0.5)}}, recipe},
		"clipped":            {train.Trainer{LearningRate: schedule.Constant(0.5), ClipNorm: 1}, 0},
		"without momentum":   {train.Trainer{LearningRate: schedule.Constant(0.2), Optimizer: heavy(0)}, 0},
		"and high":           {train.Trainer{LearningRate: schedule.Constant(0.5), Optimizer: heavy(0)}, 10 * recipe},
		"much momentum":      {train.Trainer{LearningRate: schedule.Constant(recipe), Optimizer: heavy(0.99)}, recipe / 10},
		"another optimizer":  {train.Trainer{LearningRate: schedule.Constant(0.5), Optimizer: optim.AdamW{}}, 0},
		"groups":             {train.Trainer{LearningRate: schedule.Constant(0.5), Optimizer: optim.Groups{Rule: heavy(0.9), NoVectorDecay: true}}, recipe},
		"groups of own rate": {train.Trainer{LearningRate: schedule.Constant(0.5), Optimizer: optim.Groups{Rule: heavy(0.9), Groups: []optim.Group{{Match: []string{"backbone"}, LearningRate: 0.01}}}}, 0},
	} {
		c.tr.Streams, c.tr.Epochs, c.tr.LimitSteps = hybrid.Streams{ordered(ce())}, 3, 1
		var all []train.Warning
		for _, w := range warningsOf(t, mlp(t), trainSet, c.tr) {
			if w.Kind == train.HighRate {
				all = append(all, w)
			}
		}
		if c.want == 0 {
			require.Empty(t, all, name)
			continue
		}
		require.Len(t, all, 1, name)
		require.InDelta(t, c.want, all[0].Expected, 1e-12, name)
		require.Equal(t, c.tr.LearningRate.At(schedule.Progress{Epoch: 2}), all[0].Value, name)
	}
	n := mlp(t)
	_, err := nn.FreezePaths(n, "backbone")
	require.NoError(t, err)
	require.Empty(t, warningsOf(t, n, trainSet, train.Trainer{Streams: hybrid.Streams{ordered(ce())}, Epochs: 1, LearningRate: schedule.Constant(0.5)}))
}
