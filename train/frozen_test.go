package train_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// requireFrozenStays compares every tensor of n with what it was: what is frozen has its bits, the rest has changed.
func requireFrozenStays(t *testing.T, n *hybrid.Network, before map[string][]float32) {
	t.Helper()
	after := state(n, nil)
	for _, e := range nn.Entries(n) {
		if e.Frozen() {
			require.Equal(t, before[e.Path], after[e.Path], e.Path)
		} else {
			require.NotEqual(t, before[e.Path], after[e.Path], e.Path)
		}
	}
}

// pretrained is a network whose running statistics are not at their start.
func pretrained(t *testing.T) *hybrid.Network {
	trainSet, _ := generated(t, 10)
	n := resNet(t, 1)
	fit(t, train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 8, LearningRate: schedule.Constant(0.05)}, n, trainSet, nil)
	return n
}

func fineTuning() train.Trainer {
	return train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 8, LearningRate: schedule.Constant(0.1)}
}

// A frozen backbone is in evaluation: not one bit of it moves, and it gives the same logits on a training tape.
func TestAFrozenBackboneStaysAsItIs(t *testing.T) {
	trainSet, test := generated(t, 10)
	accumulated := fineTuning()
	accumulated.Accumulate, accumulated.Batch = 2, 4
	decayed := fineTuning()
	decayed.Optimizer = optim.AdamW{WeightDecay: 0.1}
	for name, tr := range map[string]train.Trainer{"SGD": fineTuning(), "AdamW": decayed, "accumulated": accumulated} {
		t.Run(name, func(t *testing.T) {
			n := pretrained(t)
			nn.Freeze(n.Backbone, true)
			before := state(n, nil)
			fit(t, tr, n, trainSet, test)
			requireFrozenStays(t, n, before)
			for _, e := range entries(n, "backbone.") {
				require.True(t, e.Frozen(), e.Path)
			}

			x := gradtest.Normal(1, 1, 4, 8, 8, 3)
			want := n.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x))
			got := n.Forward(autograd.NewTape(autograd.Mode{Train: true}).Const(x))
			require.Equal(t, want.Data(), got.Data())
		})
	}
}

// No gradient goes into a frozen backbone.
func TestAFrozenBackboneCostsNoBackwardPass(t *testing.T) {
	trainSet, _ := generated(t, 10)
	n := resNet(t, 1)
	nn.Freeze(n.Backbone, true)
	looks := 0
	tr := short()
	tr.Streams = []hybrid.Stream{ordered(hybrid.Term{Loss: spy{loss.Needs{Logits: true}, func(in loss.Input) {
		features := n.Features(in.Logits.Tape().Const(gradtest.Normal(1, 1, 2, 8, 8, 3)))
		require.False(t, features.NeedsGrad())
		require.True(t, n.Logits(features).NeedsGrad())
		looks++
	}}})}
	fit(t, tr, n, trainSet, nil)
	require.NotZero(t, looks)
	for _, e := range nn.Params(n.Backbone) {
		require.Nil(t, e.Param.Grad, e.Path)
	}
}

// Some of the backbone is frozen by path, then other parts.
func TestPartsAreFrozenByPath(t *testing.T) {
	trainSet, _ := generated(t, 10)
	n := pretrained(t)
	frozen := func(prefix ...string) {
		t.Helper()
		for _, e := range nn.Entries(n) {
			under := slices.ContainsFunc(prefix, func(p string) bool { return strings.HasPrefix(e.Path, p) })
			require.Equal(t, under, e.Frozen(), e.Path)
		}
		before := state(n, nil)
		fit(t, fineTuning(), n, trainSet, nil)
		requireFrozenStays(t, n, before)
	}
	change := func(f func(nn.Visitable, ...string) (int, error), patterns ...string) {
		t.Helper()
		_, err := f(n, patterns...)
		require.NoError(t, err)
	}
	change(nn.FreezePaths, "backbone.layer1")
	frozen("backbone.layer1.")
	change(nn.FreezePaths, "backbone.conv1", "backbone.bn1")
	frozen("backbone.layer1.", "backbone.conv1.", "backbone.bn1.")
	change(nn.UnfreezePaths, "backbone.layer1")
	frozen("backbone.conv1.", "backbone.bn1.")
	nn.Freeze(n, false)
	frozen()
}

// Parameters learn while statistics stay.
func TestFrozenStatisticsStayInTraining(t *testing.T) {
	trainSet, _ := generated(t, 10)
	n := pretrained(t)
	count, err := nn.FreezeStatistics(n, "backbone")
	require.NoError(t, err)
	require.Equal(t, 7, count)
	for _, e := range nn.Entries(n) {
		require.Equal(t, e.Buffer != nil, e.Frozen(), e.Path)
	}
	before := state(n, nil)
	fit(t, fineTuning(), n, trainSet, nil)
	requireFrozenStays(t, n, before)

	_, err = nn.UnfreezeStatistics(n, "**")
	require.NoError(t, err)
	before = state(n, nil)
	fit(t, fineTuning(), n, trainSet, nil)
	requireFrozenStays(t, n, before)
}

// partlyFrozen freezes a stage and the statistics of another, and trains with keys and a moving average of the weights.
func partlyFrozen(t *testing.T, n *hybrid.Network) train.Trainer {
	t.Helper()
	_, err := nn.FreezePaths(n, "backbone.layer1")
	require.NoError(t, err)
	_, err = nn.FreezeStatistics(n, "backbone.layer2")
	require.NoError(t, err)
	return train.Trainer{KeyDecay: 0.9, EMA: train.EMA{Decay: 0.9}, ClipNorm: 1, Streams: []hybrid.Stream{{Sampler: sampler.Instance{},
		Views: []augment.Transform{augment.Flip{P: 0.5}, augment.Identity{}},
		Terms: []hybrid.Term{{Name: "kcl", Loss: &loss.KCL{Queue: queue(t, n), Temperature: 0.1, Positives: 2}, Views: []int{0}, KeyViews: []int{1}}}}}}
}

// The moving average, the momentum encoder and what a checkpoint has of them keep the bits of what is frozen.
func TestAveragesKeepWhatIsFrozen(t *testing.T) {
	trainSet, test := generated(t, 10)
	n := pretrained(t)
	tr := partlyFrozen(t, n)
	tr.Epochs, tr.Batch, tr.LearningRate = 2, 8, schedule.Constant(0.05)
	tr.Checkpoints.Dir = t.TempDir()
	before := state(n, nil)
	r := fit(t, tr, n, trainSet, test)
	for _, e := range entries(n, "backbone.") {
		require.Equal(t, e.Frozen(), slices.Equal(before[e.Path], r.EMA.Of(e.Tensor()).Data()), e.Path)
	}
	for _, file := range []string{"model", "ema", "keys"} {
		saved := resNet(t, 2)
		_, err := safetensors.LoadPartial(filepath.Join(r.Checkpoint, file+".safetensors"), saved)
		require.NoError(t, err)
		now := state(saved, nil)
		for _, e := range entries(n, "backbone.") {
			require.Equal(t, e.Frozen(), slices.Equal(before[e.Path], now[e.Path]), "%s: %s", file, e.Path)
		}
	}
}

// Keys come from the running statistics of the encoder where they are frozen: those of one image do not depend on the
// others of its batch.
func TestKeysOfAFrozenNetworkDoNotDependOnTheBatch(t *testing.T) {
	trainSet, _ := generated(t, 9)
	n := pretrained(t)
	nn.Freeze(n, true)
	p, err := n.Freeze()
	require.NoError(t, err)
	step := 0
	look := spy{loss.Needs{Embedding: true, Keys: true}, func(in loss.Input) {
		for i := range 4 {
			want, err := p.Embed(image(t, trainSet, 4*step+i))
			require.NoError(t, err)
			require.InDeltaSlice(t, want.Data(), in.Keys.Rows(i, i+1).Data(), 1e-5)
		}
		step++
	}}
	tr := short()
	tr.Streams = []hybrid.Stream{ordered(hybrid.Term{Loss: look, KeyViews: []int{0}})}
	fit(t, tr, n, trainSet, nil)
	require.Equal(t, 9, step)
}
