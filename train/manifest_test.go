package train_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/gonum"
)

func manifestOf(t testing.TB, tr train.Trainer, n *hybrid.Network, trainSet, test dataset.Dataset) manifest.Manifest {
	t.Helper()
	m, err := tr.Manifest(t.Context(), n, trainSet, test)
	require.NoError(t, err)
	return m
}

// differences are those of two manifests, a line each.
func differences(a, b manifest.Manifest) (lines []string) {
	for _, d := range manifest.Diff(a, b) {
		lines = append(lines, d.String())
	}
	return lines
}

// half is a sampler, a schedule, a transform, a mixer and a loss that the library does not know.
type half struct {
	Share  float64
	hidden float64
}

func (h half) At(p schedule.Progress) float64 { return h.hidden * float64(p.Epoch) }
func (h half) Epoch(labels []int, _ sampler.Plan) ([]int, error) {
	return make([]int, len(labels)), nil
}
func (h *half) Apply(*dataset.Image, *rand.Rand)                       {}
func (h half) Mix(*tensor.Tensor, []int, int, *rand.Rand) *loss.Mix    { return nil }
func (h half) Split(counts []int) (many, medium, few []int, err error) { return nil, nil, nil, nil }

type ownLoss struct {
	loss.CrossEntropy
	Margins []float64
	Head    nn.Module
}

// Each setting of a trainer shows in its manifest, as its own field and no other.
func TestEverySettingIsAFieldOfTheManifest(t *testing.T) {
	precision := `training.precision: "", "bfloat16"`
	if kernels.FastBFloat16() {
		precision += "|build.cpu_level: "
	}
	trainSet, test := generated(t, 6)
	base := func() train.Trainer {
		return train.Trainer{Streams: hybrid.SC(0.1), Batch: 4, LearningRate: schedule.Constant(0.5)}
	}
	curve := func(at float64) schedule.Scheduler { return schedule.Curriculum{Curve: schedule.StepDecay(at)} }
	seen := map[string]bool{"Streams": true}
	for _, c := range []struct {
		want   string // a prefix
		change func(*train.Trainer)
	}{
		{"training.epochs: 200, 10", func(t *train.Trainer) { t.Epochs = 10 }},
		{"training.batch: 4, 5|training.dropped: 0, 8", func(t *train.Trainer) { t.Batch = 5 }},
		{"training.accumulate: 1, 2", func(t *train.Trainer) { t.Accumulate = 2 }},
		{`training.learning_rate: "schedule.Constant(0.5)", "schedule.MultiStep{Base: 0.00390625, Milestones: [120, 160]}"`,
			func(t *train.Trainer) { t.LearningRate = nil }},
		{`training.learning_rate: "schedule.Constant(0.5)", "train_test.half{Share: 3, hidden: 2}"`,
			func(t *train.Trainer) { t.LearningRate = half{3, 2} }},
		{`training.optimizer: "optim.SGD{Momentum: 0.9, WeightDecay: 0.0001}", "optim.AdamW{WeightDecay: 0.1}"`,
			func(t *train.Trainer) { t.Optimizer = optim.AdamW{WeightDecay: 0.1} }},
		{`training.optimizer: "optim.SGD{Momentum: 0.9, WeightDecay: 0.0001}", ` +
			`"optim.Groups{Groups: [{LearningRate: 0.1, Match: [\"backbone\"]}], Rule: optim.SGD}"`, func(t *train.Trainer) {
			t.Optimizer = optim.Groups{Rule: optim.SGD{}, Groups: []optim.Group{{Match: []string{"backbone"}, LearningRate: 0.1}}}
		}},
		{`training.clip_norm: "", "1.5"`, func(t *train.Trainer) { t.ClipNorm = 1.5 }},
		{`training.ema: "", "{Decay: 0.9, Warmup: true}"`, func(t *train.Trainer) { t.EMA = train.EMA{Decay: 0.9, Warmup: true} }},
		{"training.key_decay: 0, 0.99", func(t *train.Trainer) { t.KeyDecay = 0.99 }},
		{"training.seed: 0, 18446744073709551615", func(t *train.Trainer) { t.Seed = 1<<64 - 1 }},
		{"training.limit_steps: 0, 3", func(t *train.Trainer) { t.LimitSteps = 3 }},
		{"training.eval_every: 1, 4", func(t *train.Trainer) { t.EvalEvery = 4 }},
		{"training.chunk: 0, 2", func(t *train.Trainer) { t.Chunk = 2 }},
		{"training.eval_batch: 0, 9", func(t *train.Trainer) { t.EvalBatch = 9 }},
		{`data.train_content: "24 images: |data.test_content: "`, func(t *train.Trainer) { t.HashImages = train.HashNothing }},
		{"training.skip_non_finite: 0, 7", func(t *train.Trainer) { t.SkipNonFinite = 7 }},
		{`training.groups: "metrics.Groups", "metrics.ByRank{First: 1}"`, func(t *train.Trainer) { t.Groups = metrics.ByRank{First: 1} }},
		{`training.groups: "metrics.Groups", "train_test.half{Share: 1}"`, func(t *train.Trainer) { t.Groups = half{Share: 1} }},
		{`training.score: "", "func"|selection: "last epoch", "best on the test set"`, func(t *train.Trainer) { t.Score = func(train.EpochReport) float64 { return 0 } }},
		{`training.score: "", "train_test.byEpoch"|training.patience: 0, 3|selection: "last epoch", "best on the test set"`, func(t *train.Trainer) { t.Score, t.Patience = byEpoch, 3 }},
		{`data.heldout_sha256: "", "|data.heldout_counts: none, [20,20,20,20]|data.heldout_content: "", "80 images: |selection: "last epoch", "best on held-out split"`, func(t *train.Trainer) { t.Validation = test }},
		{`data.name: "", "mine"|data.profile: "", "steep"|training.method: "", "sc"|training.recipe: "", "own"|training.other: none, ["x"]|selection: "last epoch", "by hand"`,
			func(t *train.Trainer) {
				t.Notes = manifest.Notes{Data: "mine", Profile: "steep", Method: "sc", Recipe: "own", Other: []string{"x"}, Selection: "by hand"}
			}},
		{precision, func(t *train.Trainer) { t.Precision = autograd.BFloat16 }},
		{`training.blas: "", "gonum.Implementation"`, func(t *train.Trainer) { t.BLAS = gonum.Implementation{} }},

		{`training.streams[0].name: "feature", "tail"`, func(t *train.Trainer) { t.Streams[0].Name = "tail" }},
		{`training.streams[1].sampler: "sampler.ClassBalanced", "sampler.ClassBalanced{SkipEmpty: true}"`,
			func(t *train.Trainer) { t.Streams[1].Sampler = sampler.ClassBalanced{SkipEmpty: true} }},
		{`training.streams[1].sampler: "sampler.ClassBalanced", "train_test.half{Share: 0.5}"`,
			func(t *train.Trainer) { t.Streams[1].Sampler = half{Share: 0.5} }},
		{`training.streams[0].mixer: "", "train_test.half"`, func(t *train.Trainer) { t.Streams[0].Mixer = half{} }},
		{`training.streams[1].partner: "", "hybrid.Partner{Sampler: sampler.Reversed, Weight: schedule.Constant(0.5)}"`,
			func(t *train.Trainer) {
				t.Streams[1].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}, Weight: schedule.Constant(0.5)}
			}},
		{`training.streams[1].views: [["augment.Crop{Padding: 4}","augment.Flip{P: 0.5}","augment.Grayscale{P: 0.2}"]], ` +
			`[["train_test.half{Share: 0.25}","augment.Flip{P: 1}"],[]]`, func(t *train.Trainer) {
			t.Streams[1].Views = []augment.Transform{augment.Compose{&half{Share: 0.25}, augment.Compose{augment.Flip{P: 1}}}, augment.Compose{}}
		}},
		{`training.streams[1].views: [["augment.Crop{Padding: 4}","augment.Flip{P: 0.5}","augment.Grayscale{P: 0.2}"]], [["augment.Identity"]]`,
			func(t *train.Trainer) { t.Streams[1].Views = nil }},
		{"training.streams[1]: {", func(t *train.Trainer) { t.Streams = t.Streams[:1] }},
		{`training.streams[0].terms[0].name: "sc", "con"`, func(t *train.Trainer) { t.Streams[0].Terms[0].Name = "con" }},
		{"training.streams[0].terms[0].views: none, [1]", func(t *train.Trainer) { t.Streams[0].Terms[0].Views = []int{1} }},
		{`training.streams[0].terms[0].settings.Temperature: "0.1", "0.2"`, func(t *train.Trainer) { t.Streams = hybrid.SC(0.2) }},
		{`training.streams[0].terms[0].settings.Inside: none, "true"`, func(t *train.Trainer) {
			t.Streams[0].Terms[0].Loss = &loss.SupervisedContrastive{Temperature: 0.1, Inside: true}
		}},
		{`training.streams[0].terms[0].weight: "schedule.Curriculum", "1"`, func(t *train.Trainer) { t.Streams[0].Terms[0].Weight = nil }},
		{`training.streams[1].terms[0].weight: "schedule.complement{of: schedule.Curriculum}", "schedule.complement{of: schedule.Constant(0.25)}"`,
			func(t *train.Trainer) { t.Streams[1].Terms[0].Weight = schedule.Complement(schedule.Constant(0.25)) }},
		{`training.streams[0].terms[0].weight: "schedule.Curriculum", "schedule.Curriculum{Curve: func, values: `,
			func(t *train.Trainer) { t.Streams[0].Terms[0].Weight = curve(0.5) }},
		{"training.ranks: 0, 2", func(t *train.Trainer) { t.Ranks = distributed.Local(2)[1] }},
		{"training.ranks: 0, 2|training.sync_batch_norm: false, true", func(t *train.Trainer) { t.Ranks, t.SyncBatchNorm = distributed.Local(2)[0], true }},
	} {
		tr := base()
		c.change(&tr)
		lines := differences(manifestOf(t, base(), mlp(t), trainSet, test), manifestOf(t, tr, mlp(t), trainSet, test))
		want := strings.Split(c.want, "|")
		require.Len(t, lines, len(want), "%s:\n%s", c.want, strings.Join(lines, "\n"))
		for i, w := range want {
			require.True(t, strings.HasPrefix(lines[i], w), lines[i])
		}
		for i := range reflect.TypeFor[train.Trainer]().NumField() {
			if f := reflect.TypeFor[train.Trainer]().Field(i); f.Name != "Streams" &&
				!reflect.DeepEqual(reflect.ValueOf(base()).Field(i).Interface(), reflect.ValueOf(tr).Field(i).Interface()) {
				seen[f.Name] = true
			}
		}
	}
	without := []string{"Workers", "Checkpoints", "Observers", "OnStep", "OnEpoch", "OnWarning", "WarnAfter", "Recompute", "Trace"} // change nothing of a result
	for i := range reflect.TypeFor[train.Trainer]().NumField() {
		name := reflect.TypeFor[train.Trainer]().Field(i).Name
		require.True(t, seen[name] != slices.Contains(without, name), "Trainer.%s: is it a field of the manifest?", name)
	}

	a, b := base(), base()
	a.KeyDecay, b.KeyDecay, b.Streams[0].Terms[0].KeyViews = 0.9, 0.9, []int{0}
	require.Equal(t, []string{"training.streams[0].terms[0].key_views: none, [0]"},
		differences(manifestOf(t, a, mlp(t), trainSet, nil), manifestOf(t, b, mlp(t), trainSet, nil)))
	a = base()
	a.Streams[0].Terms[0].KeyViews, b.KeyDecay = []int{0}, 0.999
	require.Empty(t, differences(manifestOf(t, a, mlp(t), trainSet, nil), manifestOf(t, b, mlp(t), trainSet, nil)), "the default")

	a, b = base(), base()
	a.Streams[0].Terms[0].Weight, b.Streams[0].Terms[0].Weight = curve(0.5), curve(0.6)
	lines := differences(manifestOf(t, a, mlp(t), trainSet, nil), manifestOf(t, b, mlp(t), trainSet, nil))
	require.Len(t, lines, 1, "one function, other values")

	a.Streams[0].Terms[0].Loss = &ownLoss{Margins: []float64{0, 0.5}, Head: nn.Sequential{nn.Func(nn.ReLU)}}
	term := manifestOf(t, a, mlp(t), trainSet, nil).Training.Streams[0].Terms[0]
	require.Equal(t, "train_test.ownLoss", term.Loss)
	require.Equal(t, map[string]string{"Margins": "[0, 0.5]", "Head": "nn.Sequential[nn.Func(nn.ReLU)]"}, term.Settings)
}

func byEpoch(e train.EpochReport) float64 { return float64(e.Epoch) }

type named struct{ backbone.Backbone }

func (named) String() string { return "a network of mine" }

// unnamed hides the name of its backbone.
type unnamed struct{ backbone.Backbone }

func TestTheNetworkInAManifest(t *testing.T) {
	trainSet, _ := generated(t, 6)
	of := func(n *hybrid.Network) manifest.Manifest { return manifestOf(t, short(), n, trainSet, nil) }
	m := of(resNet(t, 1)).Network
	size, err := resNet(t, 1).Summary()
	require.NoError(t, err)
	require.Equal(t, manifest.Network{
		Backbone: "CIFAR ResNet-8, width 4", Width: 4, Input: []int{8, 8, 3}, Frozen: []string{},
		Projection: "nn.Sequential[nn.Linear{Bias: [16], Weight: [16 16]}, nn.Func(nn.ReLU), nn.Linear{Bias: [8], Weight: [8 16]}]",
		Classifier: "nn.Linear{Bias: [4], Weight: [4 16]}",
		Normalize:  "black [-2 -2 -2], white [2 2 2]",
		Parameters: size.Parameters, MultiplyAdds: size.MultiplyAdds,
	}, m)
	require.Equal(t, m, of(resNet(t, 2)).Network, "weights are no part of it")
	require.Equal(t, 12, of(mlp(t)).Network.Width)
	require.Equal(t, "MLP 192-12", of(mlp(t)).Network.Backbone)
	require.Equal(t, "train_test.unnamed{Backbone: backbone.MLP{Layers: [{Bias: [12], Weight: [12 192]}]}}, 1 layers",
		of(newNetwork(t, unnamed{newMLP(t, 192, 12)})).Network.Backbone)
	require.Equal(t, "a network of mine", of(newNetwork(t, named{newMLP(t, 192, 12)})).Network.Backbone)
	for want, n := range map[string]*hybrid.Network{
		`network.frozen: none, ["classifier.weight","classifier.bias"]`: frozen(t),
		`network.frozen: none, ["backbone.layer2.0.bn1.running_mean","backbone.layer2.0.bn1.running_var",` +
			`"backbone.layer2.0.bn2.running_mean","backbone.layer2.0.bn2.running_var"]`: frozenStatistics(t),
		"network.separate_passes: false, true": resNet(t, 1, hybrid.WithSeparatePasses()),
		`network.classifier: "nn.Linear{Bias: [4], Weight: [4 16]}", "nn.Linear{Weight: [4 16]}"|network.parameters: 5312, 5308`: func() *hybrid.Network {
			n := resNet(t, 1)
			n.Classifier.(*nn.Linear).Bias = nil
			return n
		}(),
	} {
		require.Equal(t, want, strings.Join(differences(of(resNet(t, 1)), of(n)), "|"))
	}
}

func TestTheDataInAManifest(t *testing.T) {
	all, test := generated(t, 10)
	tail, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 5}, dataset.LongTailSettings{Seed: 3})
	require.NoError(t, err)
	trainSet, held, err := dataset.Holdout(tail, dataset.HoldoutSettings{Fraction: 0.4})
	require.NoError(t, err)
	chosen := short()
	chosen.Validation = held
	m := manifestOf(t, chosen, mlp(t), trainSet, test)
	require.Equal(t, manifest.BestHeldOut, m.Selection)
	loaded := [3]dataset.Dataset{trainSet, held, test}
	for i, set := range loaded {
		loaded[i], err = dataset.Load(context.Background(), set)
		require.NoError(t, err)
	}
	chosen.Validation = loaded[1]
	require.Equal(t, m, manifestOf(t, chosen, mlp(t), loaded[0], loaded[2]), "in memory they are the same images")
	for _, c := range []struct {
		set    dataset.Dataset
		sum    string
		counts []int
	}{{trainSet, m.Data.TrainSHA256, m.Data.TrainCounts}, {held, m.Data.HeldOutSHA256, m.Data.HeldOutCounts}, {test, m.Data.TestSHA256, m.Data.TestCounts}} {
		want, err := manifest.HashSamples(dataset.Indices(c.set), dataset.Labels(c.set))
		require.NoError(t, err)
		require.Equal(t, want, c.sum)
		require.Equal(t, dataset.Counts(c.set), c.counts)
	}
	other, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 5}, dataset.LongTailSettings{Seed: 4})
	require.NoError(t, err)
	lines := differences(manifestOf(t, short(), mlp(t), tail, test), manifestOf(t, short(), mlp(t), other, test))
	require.Len(t, lines, 2)
	require.Contains(t, lines[0], "data.train_sha256: ")
	require.Contains(t, lines[1], "data.train_content: ")
	require.Regexp(t, "^80 images: [0-9a-f]{64}$", m.Data.TestContent)
	require.Equal(t, manifest.NotHashed, manifestOf(t, short(), mlp(t), with{Dataset: tail}, test).Data.TrainContent)

	three := with{Dataset: test, classes: test.Classes()[:3]}
	for want, sets := range map[string][3]dataset.Dataset{
		"train: Fit needs a network and training data":             {nil, held, test},
		"hybrid: the training data has 3 classes, the network 4":   {three, held, test},
		"hybrid: the validation data has 3 classes, the network 4": {trainSet, three, test},
		"hybrid: test image 0 has label 9, not one of 4 classes":   {trainSet, nil, with{Dataset: test, label: func(int) int { return 9 }}},
	} {
		tr := short()
		tr.Validation = sets[1]
		m, err := tr.Manifest(t.Context(), mlp(t), sets[0], sets[2])
		require.EqualError(t, err, want)
		require.Zero(t, m)
	}
	_, err = train.Trainer{Batch: -1}.Manifest(t.Context(), mlp(t), trainSet, nil)
	require.EqualError(t, err, "train: Trainer.Batch -1 must not be negative")
	_, err = train.Trainer{Streams: []hybrid.Stream{{Terms: []hybrid.Term{{}}}}}.Manifest(t.Context(), mlp(t), trainSet, nil)
	require.NoError(t, err, "what Fit says of streams it says itself")
}

// The manifest of a run that goes on is the one it began with, and that of its checkpoints.
func TestAManifestIsTheSameWhenARunGoesOn(t *testing.T) {
	trainSet, test := generated(t, 10)
	dir := t.TempDir()
	begin := func() (train.Trainer, *hybrid.Network, manifest.Manifest) {
		n := resNet(t, 1)
		tr := train.Trainer{Streams: hybrid.PSC(0.5), Epochs: 3, Batch: 8, LearningRate: schedule.Constant(0.05), Validation: test,
			Notes: manifest.Notes{Method: "hybrid-psc"}, Checkpoints: train.Checkpoints{Dir: dir, Resume: true}}
		return tr, n, manifestOf(t, tr, n, trainSet, nil)
	}
	tr, n, first := begin()
	ctx, cancel := context.WithCancel(context.Background())
	tr.OnEpoch = func(train.EpochReport) error { cancel(); return nil }
	_, err := tr.Fit(ctx, n, trainSet, nil)
	require.ErrorIs(t, err, context.Canceled)

	tr, n, second := begin()
	require.Equal(t, first, second)
	tr.Notes.Method = "mine"
	_, err = tr.Fit(context.Background(), n, trainSet, nil)
	require.ErrorContains(t, err, `training.method was "hybrid-psc", now it is "mine"`)

	tr.Notes.Method = "hybrid-psc"
	r, err := tr.Fit(context.Background(), n, trainSet, nil)
	require.NoError(t, err)
	require.Equal(t, 3*5*8*3, r.Images)
	c, err := checkpoint.Open(r.Checkpoint)
	require.NoError(t, err)
	saved, err := manifest.Decode(c.Manifest)
	require.NoError(t, err)
	require.Equal(t, first, saved)
}
