package method_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

const classes, size = 4, 8

func data(t testing.TB) (trainSet, held, test dataset.Dataset) {
	t.Helper()
	all, test, err := dataset.Generate(dataset.GenerateSettings{Classes: classes, Size: size, PerClass: 40, TestPerClass: 10, Seed: 1})
	require.NoError(t, err)
	tail, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 10}, dataset.LongTailSettings{Seed: 1})
	require.NoError(t, err)
	trainSet, held, err = dataset.Holdout(tail, dataset.HoldoutSettings{Fraction: 0.2, Seed: 1})
	require.NoError(t, err)
	return trainSet, held, test
}

func body(t testing.TB) backbone.Backbone { return bodyOf(t, method.CE()) }

// bodyOf is a small backbone that the method can have, of images of 8 pixels or those given.
func bodyOf(t testing.TB, m method.Method, pixels ...int) backbone.Backbone {
	t.Helper()
	if m.Branches > 0 {
		b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Seed: 1, Branches: m.Branches})
		require.NoError(t, err)
		return b
	}
	side := append(pixels, size)[0]
	b, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{side * side * 3, 12}, Seed: 1})
	require.NoError(t, err)
	return b
}

// taught gives streams that need one a teacher: a network like n, trained for an epoch.
func taught(t testing.TB, m method.Method, s method.Setup, streams hybrid.Streams, d dataset.Dataset, b backbone.Backbone) hybrid.Streams {
	t.Helper()
	if m.Teacher == nil {
		return streams
	}
	teacher, own, err := m.Teacher.New(b, s)
	require.NoError(t, err)
	if s.Features == 0 {
		own = own.Augment(augment.Identity{})
	}
	_, err = train.Trainer{Streams: own, Epochs: 1, Batch: 8, ClipNorm: 1, LearningRate: schedule.Constant(0.05)}.Fit(context.Background(), teacher, d, nil)
	require.NoError(t, err)
	return streams.TaughtBy(teacher)
}

func setup(d dataset.Dataset) method.Setup {
	return method.Setup{Counts: dataset.Counts(d), Size: size, Dim: 6, Seed: 3}
}

// Every method must train to its end, cost what it says, and be done the same way twice.
func TestEveryMethodTrains(t *testing.T) {
	trainSet, held, test := data(t)
	for _, m := range method.All() {
		t.Run(m.Name, func(t *testing.T) {
			run := func(onWarning func(train.Warning) error) (*hybrid.Network, float64) {
				n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
				require.NoError(t, err)
				streams = taught(t, m, setup(trainSet), streams, trainSet, bodyOf(t, m))
				tr := train.Trainer{Streams: streams.Augment(augment.Flip{P: 0.5}), Epochs: 2, Batch: 16, LimitSteps: 2, Seed: 1, ClipNorm: 1,
					LearningRate: schedule.Constant(0.05), OnWarning: onWarning}
				r, err := tr.Fit(context.Background(), n, trainSet, test)
				require.NoError(t, err)
				require.Equal(t, 2*2*16*m.Images, r.Images)
				before := n.Classifier
				require.NoError(t, m.Finish(context.Background(), n, method.Stage{Train: trainSet, Held: held, Retrain: posthoc.Retrain{Batch: 8}}))
				require.Equal(t, m.Second == nil, before == n.Classifier, "a second stage makes a classifier of its own")
				c, err := n.Evaluate(context.Background(), test, 0)
				require.NoError(t, err)
				return n, float64(c.Top1())
			}
			n, top1 := run(nil)
			again, same := run(func(w train.Warning) error { t.Error(w); return nil })
			require.Equal(t, top1, same)
			a, b := nn.Tensors(n), nn.Tensors(again)
			require.Equal(t, len(a), len(b))
			for i := range a {
				require.Equal(t, a[i].Data(), b[i].Data())
			}
		})
	}
}

// A sound training must pass without a warning, whatever its method. Half the warm-up is over when losses are first judged.
func TestNoMethodIsWarnedOf(t *testing.T) {
	trainSet, _, _ := data(t)
	for _, m := range slices.Concat(method.All(), method.Variants()) {
		n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
		require.NoError(t, err)
		streams = taught(t, m, setup(trainSet), streams, trainSet, bodyOf(t, m))
		tr := train.Trainer{Streams: streams.Augment(augment.Flip{P: 0.5}), Epochs: 70, Batch: 16, Seed: 1, ClipNorm: 1, WarnAfter: 50,
			LearningRate: schedule.Warmup{Epochs: 20, Then: schedule.Constant(0.05)},
			OnWarning: func(w train.Warning) error {
				if w.Kind != train.MergedPrototypes || m.Name != "hybrid-psc" { // what its paper's denominator does
					t.Errorf("%s: %v", m.Name, w)
				}
				return nil
			}}
		r, err := tr.Fit(context.Background(), n, trainSet, nil)
		require.NoError(t, err)
		steps := 0
		for _, e := range r.Epochs {
			steps += e.Steps
		}
		require.GreaterOrEqual(t, steps, 150)
	}
}

// The augmentation of the papers must fit images of 32 pixels, and the presets' own views train.
func TestTheViewsOfThePapersTrain(t *testing.T) {
	trainSet, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, Size: 32, PerClass: 8, TestPerClass: 2})
	require.NoError(t, err)
	for _, m := range method.All() {
		n, streams, err := m.New(bodyOf(t, m, 32), method.Setup{Counts: dataset.Counts(trainSet)})
		require.NoError(t, err, m.Name)
		streams = taught(t, m, method.Setup{Counts: dataset.Counts(trainSet)}, streams, trainSet, bodyOf(t, m, 32))
		tr := train.Trainer{Streams: streams, Epochs: 1, Batch: 8, LimitSteps: 1, ClipNorm: 1}
		r, err := tr.Fit(context.Background(), n, trainSet, test)
		require.NoError(t, err, m.Name)
		require.Equal(t, 8*m.Images, r.Images)
	}
}

// Losses on logits see the classifier's augmentation, contrasts and keys the features', as the papers of joint methods have it.
func TestBranchesHaveViewsOfTheirOwn(t *testing.T) {
	trainSet, _, _ := data(t)
	feature, classifier := augment.SimAugment(size), augment.CIFARStrong()
	for name, want := range map[string][]string{"ce": {"c"}, "bbn": {"c"}, "hybrid-sc": {"ff", "c"}, "hybrid-psc": {"ff", "c"}, "supcon": {"ff"},
		"kcl": {"ff"}, "bcl": {"cff"}, "proco": {"cff"}, "paco": {"cf"}, "gpaco": {"cc"}} {
		m, err := method.ByName(name)
		require.NoError(t, err)
		_, own, err := m.New(bodyOf(t, m), setup(trainSet))
		require.NoError(t, err)
		before := fmt.Sprint(own)
		streams := own.AugmentBranches(feature, classifier)
		require.Equal(t, before, fmt.Sprint(own))
		var got []string
		for _, s := range streams {
			views := ""
			for _, v := range s.Views {
				views += map[bool]string{true: "c", false: "f"}[reflect.DeepEqual(v, classifier)]
			}
			got = append(got, views)
		}
		require.Equal(t, want, got, name)
		if len(want) == 1 && strings.Contains(want[0], "f") { // all of these papers have such views
			require.Equal(t, own, streams, name)
		}
	}
	wrong := hybrid.Streams{{Terms: []hybrid.Term{{}, {Loss: &loss.CrossEntropy{}, Views: []int{1}}}}}
	require.NotPanics(t, func() { wrong.AugmentBranches(feature, classifier) }, "training says what is wrong with it")
}

func TestNamesAreUniqueAndFound(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range method.All() {
		require.False(t, seen[m.Name] || seen[m.Title], m.Name)
		seen[m.Name], seen[m.Title] = true, true
		found, err := method.ByName(m.Name)
		require.NoError(t, err)
		require.Equal(t, m.Title, found.Title)
	}
	_, err := method.ByName("boosting")
	require.ErrorContains(t, err, `method: there is no "boosting", only ce, ce-balanced, focal, `)
}

// Recipes are trainers that lack only the streams.
func TestRecipesAreValid(t *testing.T) {
	trainSet, _, test := data(t)
	recipes := 0
	for _, m := range method.All() {
		if m.Recipe == nil {
			continue
		}
		recipes++
		for _, epochs := range []int{1, 10} {
			n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
			require.NoError(t, err)
			streams = taught(t, m, setup(trainSet), streams, trainSet, bodyOf(t, m))
			tr := m.Recipe(epochs)
			require.Equal(t, epochs, tr.Epochs)
			tr.Streams, tr.Batch, tr.LimitSteps, tr.ClipNorm = streams.Augment(augment.Identity{}), 16, 1, 0.1
			_, err = tr.Fit(context.Background(), n, trainSet, test)
			require.NoError(t, err, m.Name)
		}
	}
	require.Positive(t, recipes)
	at := func(p schedule.Scheduler, epoch int) float64 {
		return p.At(schedule.Progress{Epoch: epoch, Epochs: 200})
	}
	ldam := method.LDAMDRW().Recipe(200).LearningRate
	for epoch, want := range map[int]float64{4: 0.1, 159: 0.1, 160: 1e-3, 180: 1e-5} {
		require.InDelta(t, want, at(ldam, epoch), 1e-12)
	}
}

// Recipes of one form, told apart by what their authors chose.
func TestRecipesOfJointMethods(t *testing.T) {
	for _, c := range []struct {
		m            method.Method
		batch        int
		rate, decay  float64
		warm, epochs int
	}{{method.PaCo(), 128, 0.05, 5e-4, 10, 400}, {method.GPaCo(), 128, 0.1, 5e-4, 10, 400}, {method.BCL(), 256, 0.15, 5e-4, 5, 200},
		{method.ProCo(), 256, 0.3, 2e-4, 5, 200}} {
		tr := c.m.Recipe(c.epochs)
		require.Equal(t, c.batch, tr.Batch)
		require.Equal(t, optim.SGD{Momentum: 0.9, WeightDecay: c.decay}, tr.Optimizer)
		for epoch, share := range map[int]float64{c.warm - 1: 1, c.epochs*8/10 - 1: 1, c.epochs * 8 / 10: 0.1, c.epochs * 9 / 10: 0.01} {
			require.InDelta(t, share*c.rate, tr.LearningRate.At(schedule.Progress{Epoch: epoch, Epochs: c.epochs}), 1e-12, c.m.Name)
		}
		require.Less(t, tr.LearningRate.At(schedule.Progress{Epochs: c.epochs}), c.rate)
	}
}

// What is hidden in a projection from 12 features to 6 numbers shows in its size.
func TestProjectionsOfJointMethods(t *testing.T) {
	train, _, _ := data(t)
	const hidden, last, norm = 12*12 + 12, 12*6 + 6, 2 * 12
	wide := 12*512 + 512 + 2*512 + 512*6 + 6
	for name, want := range map[string]int{"paco": hidden + norm + last, "gpaco": 2*hidden + last, "bcl": wide, "proco": wide,
		"hybrid-sc": hidden + last, "kcl": hidden + last} {
		m, err := method.ByName(name)
		require.NoError(t, err)
		n, _, err := m.New(body(t), setup(train))
		require.NoError(t, err)
		weights := 0
		for _, p := range nn.Params(n.Projection.(nn.Visitable)) {
			weights += p.Param.Value.Len()
		}
		require.Equal(t, want, weights, name)
	}
}

func TestSettingsReachTheLosses(t *testing.T) {
	trainSet, _, _ := data(t)
	first := func(m method.Method) loss.Loss {
		_, streams, err := m.New(body(t), setup(trainSet))
		require.NoError(t, err)
		return streams[0].Terms[0].Loss
	}
	require.Equal(t, 2.0, first(method.Focal(loss.Focal{})).(*loss.Focal).Gamma)
	require.Equal(t, 0.5, first(method.Focal(loss.Focal{Gamma: 0.5})).(*loss.Focal).Gamma)
	require.Equal(t, 0.9, first(method.ClassBalanced(loss.ClassBalanced{Beta: 0.9})).(*loss.ClassBalanced).Beta)
	require.Equal(t, 0.7, first(method.LogitAdjusted(loss.LogitAdjusted{Tau: 0.7})).(*loss.LogitAdjusted).Tau)
	require.Equal(t, &loss.SupervisedContrastive{Temperature: 0.1}, first(method.HybridSC(loss.SupervisedContrastive{})))
	require.True(t, first(method.HybridSC(loss.SupervisedContrastive{Inside: true})).(*loss.SupervisedContrastive).Inside)
	require.Equal(t, 1.0, first(method.HybridPSC(method.PSC{})).(*loss.PrototypicalContrastive).Temperature)
	require.Equal(t, 0.2, first(method.HybridPSC(method.PSC{Temperature: 0.2})).(*loss.PrototypicalContrastive).Temperature)
	require.Equal(t, 0.3, first(method.SupCon(loss.SupervisedContrastive{Temperature: 0.3})).(*loss.SupervisedContrastive).Temperature)
}

func TestVariantsOfHybridPSC(t *testing.T) {
	trainSet, _, _ := data(t)
	for name, want := range map[string]method.PSC{"hybrid-psc": {}, "hybrid-psc-own": {IncludeOwn: true}, "hybrid-psc-fixed": {Fixed: true},
		"hybrid-psc-own-fixed": {IncludeOwn: true, Fixed: true}} {
		m, err := method.ByName(name)
		require.NoError(t, err)
		require.Equal(t, name, m.Name)
		_, streams, err := m.New(body(t), setup(trainSet))
		require.NoError(t, err)
		l := streams[0].Terms[0].Loss.(*loss.PrototypicalContrastive)
		require.Equal(t, want.IncludeOwn, l.IncludeOwn)
		require.NoError(t, l.Build(loss.Target{Classes: classes, Dim: 8}))
		require.Equal(t, want.Fixed, len(nn.Params(l)) == 0, "fixed prototypes are no parameters")
	}
}

// The centres of BCL are made of the classifier that is trained, so that the contrast reaches it.
func TestTheContrastOfBCLReachesTheClassifier(t *testing.T) {
	trainSet, _, test := data(t)
	n, streams, err := method.BCL().New(body(t), setup(trainSet))
	require.NoError(t, err)
	streams[0].Terms[0].Weight = schedule.Constant(0)
	before := n.Classifier.(*nn.Linear).Weight.Value.Clone()
	_, err = train.Trainer{Streams: streams.Augment(augment.Identity{}), Epochs: 1, Batch: 8, LimitSteps: 1}.Fit(context.Background(), n, trainSet, test)
	require.NoError(t, err)
	require.NotEqual(t, before.Data(), n.Classifier.(*nn.Linear).Weight.Value.Data())
}

func TestMistakesAreErrors(t *testing.T) {
	trainSet, held, _ := data(t)
	s := setup(trainSet)
	_, _, err := method.CE().New(nil, s)
	require.EqualError(t, err, "method: ce: the backbone is nil")
	_, _, err = method.Method{Name: "mine"}.New(body(t), s)
	require.EqualError(t, err, "method: mine: Streams is nil: take a method of this package, or set it")
	s.Dim = -1
	_, _, err = method.CE().New(body(t), s)
	require.EqualError(t, err, "method: Setup of size 8, features of width 0 and embeddings of width -1: none may be negative")
	s = setup(trainSet)
	s.Counts = nil
	_, _, err = method.CE().New(body(t), s)
	require.EqualError(t, err, "method: ce: hybrid: a classifier needs at least two classes, not 0")
	_, _, err = method.BCL().New(body(t), setup(trainSet), hybrid.WithCosineClassifier())
	require.EqualError(t, err, "method: bcl: needs a linear classifier, the network's is *nn.Cosine: leave out WithClassifier and WithCosineClassifier")
	_, _, err = method.LDAMDRW().New(body(t), setup(trainSet), hybrid.WithClassifier(nn.NewLinear(nn.LinearSettings{In: 12, Out: classes, Seed: 1})))
	require.EqualError(t, err, "method: ldam-drw: needs a classifier of cosines, the network's is *nn.Linear: leave out WithClassifier")
	_, _, err = method.TSC().New(body(t), setup(trainSet), hybrid.WithoutProjection())
	require.ErrorContains(t, err, "method: tsc: ")

	n, _, err := method.TauNorm(method.TauNormSettings{}).New(body(t), setup(trainSet))
	require.NoError(t, err)
	err = method.TauNorm(method.TauNormSettings{}).Finish(context.Background(), n, method.Stage{Train: trainSet})
	require.EqualError(t, err, "method: tau-norm: second stage: Stage.Held is nil: hold images out of training to choose tau by, or set TauNormSettings.Tau")
	err = method.CRT().Finish(context.Background(), n, method.Stage{Held: held})
	require.EqualError(t, err, "method: crt: Stage.Train is nil: its second stage needs the training images")
	before := n.Classifier
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, method.CRT().Finish(ctx, n, method.Stage{Train: trainSet}), context.Canceled)
	require.True(t, before == n.Classifier, "a second stage that fails leaves the network as it was")
}

// A fixed tau is used as it is.
func TestTauNormDividesByNorms(t *testing.T) {
	trainSet, _, _ := data(t)
	n, _, err := method.TauNorm(method.TauNormSettings{Tau: 1}).New(body(t), setup(trainSet))
	require.NoError(t, err)
	require.NoError(t, method.TauNorm(method.TauNormSettings{Tau: 1}).Finish(context.Background(), n, method.Stage{Train: trainSet}))
	w := nn.L2Normalize(autograd.NewTape(autograd.Mode{}).Const(n.Classifier.(*nn.Linear).Weight.Value))
	require.InDeltaSlice(t, n.Classifier.(*nn.Linear).Weight.Value.Data(), w.Data(), 1e-6)
}

// BBN trains a sample by the first last block and a reversed one by the second, both last blocks of one network.
func TestBBNNeedsTwoBranches(t *testing.T) {
	trainSet, _, _ := data(t)
	_, _, err := method.BBN().New(body(t), setup(trainSet))
	require.EqualError(t, err, "method: bbn: needs a backbone of 2 branches, such as a backbone.CIFARResNet with CIFARResNetSettings.Branches 2")
	three, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Branches: 3})
	require.NoError(t, err)
	_, _, err = method.BBN().New(three, setup(trainSet))
	require.ErrorContains(t, err, "needs a backbone of 2 branches")
	n, streams, err := method.BBN().New(bodyOf(t, method.BBN()), setup(trainSet))
	require.NoError(t, err)
	require.Equal(t, &hybrid.Partner{Sampler: sampler.Reversed{}}, streams[0].Partner)
	require.Nil(t, n.Projection)
	recipe := method.BBN().Recipe(200)
	require.Equal(t, optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 2e-4}, recipe.Optimizer)
	for epoch, want := range map[int]float64{4: 0.1, 119: 0.1, 120: 1e-3, 160: 1e-5} {
		require.InDelta(t, want, recipe.LearningRate.At(schedule.Progress{Epoch: epoch, Epochs: 200}), 1e-12)
	}
}

// Half of the batches are blended, but in the first epochs and the last ones.
func TestCMOBeginsAndEndsPlainly(t *testing.T) {
	trainSet, _, _ := data(t)
	_, streams, err := method.CMO().New(body(t), setup(trainSet))
	require.NoError(t, err)
	p := streams[0].Partner
	require.Equal(t, augment.CutMix{Alpha: 1, P: 1}, p.Blender)
	for _, c := range []struct{ epochs, first, last int }{{200, 4, 197}, {20, 0, 20}, {1, 0, 1}} {
		for epoch := range c.epochs {
			want := 0.5
			if epoch < c.first || epoch >= c.last {
				want = 1
			}
			require.Equal(t, want, p.Share(schedule.Progress{Epoch: epoch, Epochs: c.epochs}), "epoch %d of %d", epoch, c.epochs)
		}
	}
	s := setup(trainSet)
	s.Features = 12
	mlp, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{12}})
	require.NoError(t, err)
	_, streams, err = method.CMO().New(mlp, s)
	require.NoError(t, err)
	require.Equal(t, augment.Mixup{Alpha: 1}, streams[0].Partner.Blender, "features have no boxes")
}

// What comes after cross-entropy changes the classifier as its formula says.
func TestClassifiersMadeAfterTraining(t *testing.T) {
	trainSet, _, test := data(t)
	finished := func(m method.Method) (before *nn.Linear, features, scores *tensor.Tensor, n *hybrid.Network) {
		n, streams, err := m.New(body(t), setup(trainSet))
		require.NoError(t, err)
		tr := train.Trainer{Streams: streams.Augment(augment.Identity{}), Epochs: 1, Batch: 16}
		_, err = tr.Fit(context.Background(), n, trainSet, nil)
		require.NoError(t, err)
		before = n.Classifier.(*nn.Linear)
		require.NoError(t, m.Finish(context.Background(), n, method.Stage{Train: trainSet}))
		features, _, err = n.FeaturesOf(context.Background(), test, 0)
		require.NoError(t, err)
		return before, features, n.Logits(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(features)).Value(), n
	}
	for given, tau := range map[float64]float64{0: 1, 2: 2, loss.Off: 0} {
		before, x, got, _ := finished(method.PostHocAdjusted(method.PostHocAdjustedSettings{Tau: given}))
		logits, err := posthoc.Logits(before, x)
		require.NoError(t, err)
		want, err := posthoc.AdjustLogits(logits, dataset.Counts(trainSet), tau)
		require.NoError(t, err)
		require.InDeltaSlice(t, want.Data(), got.Data(), 1e-4)
	}
	_, x, got, n := finished(method.NCM())
	seen, labels, err := n.FeaturesOf(context.Background(), trainSet, 0)
	require.NoError(t, err)
	means, err := posthoc.NewClassMeans(posthoc.Set{Features: seen, Labels: labels, Classes: classes}, posthoc.ClassMeansSettings{})
	require.NoError(t, err)
	want, err := means.Scores(x)
	require.NoError(t, err)
	require.InDeltaSlice(t, want.Data(), got.Data(), 1e-5)
}

// A class without images is found before the training, where the second stage cannot do without it.
func TestEmptyClassesAreFoundBeforeTraining(t *testing.T) {
	need := []string{}
	for _, m := range method.All() {
		_, _, err := m.New(bodyOf(t, m), method.Setup{Counts: []int{9, 5, 0, 1}, Size: size})
		if !m.EveryClass {
			require.NoError(t, err, m.Name)
			continue
		}
		need = append(need, m.Name)
		require.EqualError(t, err, "method: "+m.Name+": class 2 has no training images, its second stage needs some: leave the class out")
		require.NotNil(t, m.Second)
		m.EveryClass = false
		_, _, err = m.New(bodyOf(t, m), method.Setup{Counts: []int{9, 5, 0, 1}, Size: size})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"crt", "lws", "mislas", "weight-balancing", "ncm", "post-hoc-adjusted", "supcon", "kcl", "tsc"}, need)
}
