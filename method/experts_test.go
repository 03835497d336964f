package method_test

import (
	"context"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Training parts the experts, their mean predicts, and what is done after training is done to the mean.
func TestExpertsOfMethods(t *testing.T) {
	trainSet, _, test := data(t)
	for _, m := range []method.Method{method.RIDE(), method.SADE(), method.BalPoE()} {
		n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
		require.NoError(t, err)
		tr := train.Trainer{Streams: streams.Augment(augment.Identity{}), Epochs: 6, Batch: 16, ClipNorm: 1, LearningRate: schedule.Constant(0.05)}
		r, err := tr.Fit(context.Background(), n, trainSet, nil)
		require.NoError(t, err)
		require.Equal(t, r.Epochs[0].Images, r.Epochs[0].Steps*16, "one image a sample")
		x, labels, err := n.FeaturesOf(context.Background(), test, 0)
		require.NoError(t, err)
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		mean, experts := n.Logits(tape.Const(x)).Value(), n.Experts(tape.Const(x))
		require.Len(t, experts, 3)
		apart := 0.0
		for i, v := range mean.Data() {
			require.InDelta(t, float64(experts[0].Data()[i]+experts[1].Data()[i]+experts[2].Data()[i])/3, float64(v), 1e-4, m.Name)
			apart = max(apart, float64(experts[0].Data()[i]-experts[2].Data()[i]))
		}
		require.Greater(t, apart, 0.01, m.Name)
		if head, ok := n.Classifier.(*nn.Linear); ok {
			logits, err := posthoc.Logits(head, x)
			require.NoError(t, err)
			require.InDeltaSlice(t, mean.Data(), logits.Data(), 1e-4)
			_, err = posthoc.Retrain{Batch: 8}.CRT(context.Background(), posthoc.Set{Features: x, Labels: labels, Classes: classes})
			require.NoError(t, err)
		}
	}
}

// Logits are those of probabilities, and a head of cosines alone has the losses multiply them: loss and gradient are the same.
func TestScaledCosines(t *testing.T) {
	trainSet, _, _ := data(t)
	for _, m := range []method.Method{method.LDAMDRW(), method.RIDE()} {
		n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
		require.NoError(t, err)
		head := n.Classifier.(*nn.Cosine)
		require.Equal(t, 30.0, head.Scale)
		plain := &nn.Cosine{Weight: autograd.NewParam(head.Weight.Value.Clone()), Groups: head.Groups}
		p, plainStreams, err := m.New(bodyOf(t, m), setup(trainSet), hybrid.WithClassifier(plain))
		require.NoError(t, err)
		require.Same(t, plain, p.Classifier)
		x := tensor.New(6, n.Backbone.OutDim())
		for i := range x.Data() {
			x.Data()[i] = float32((i*7)%11) - 4
		}
		of := func(n *hybrid.Network, streams hybrid.Streams, w *autograd.Param, at schedule.Progress) (float64, []float32) {
			tape := autograd.NewTape(autograd.Mode{Train: true})
			w.Grad = nil
			var sum *autograd.Var
			for _, term := range streams[0].Terms {
				require.NoError(t, term.Loss.(loss.Preparer).Prepare(dataset.Counts(trainSet)))
				features := tape.Const(x)
				in := loss.Input{Logits: n.Logits(features), Labels: []int{0, 1, 2, 0, 1, 2}, Views: 1, At: at}
				if term.Loss.Needs().Experts {
					in.Experts = n.Experts(features)
				}
				y, _ := term.Loss.Forward(in)
				if sum != nil {
					y = autograd.Add(sum, y)
				}
				sum = y
			}
			tape.Backward(sum, nil)
			return float64(sum.Value().Item()), append([]float32{}, w.Grad.Data()...)
		}
		for _, epoch := range []int{0, 9} { // without weights and with them
			at := schedule.Progress{Epoch: epoch, Epochs: 10}
			a, da := of(n, streams, head.Weight, at)
			b, db := of(p, plainStreams, plain.Weight, at)
			require.InEpsilon(t, b, a, 1e-5, m.Name)
			require.InDeltaSlice(t, db, da, 1e-4, m.Name)
		}
	}
}

func TestSettingsOfExperts(t *testing.T) {
	trainSet, _, _ := data(t)
	taus := func(m method.Method) (all []float64, mean bool, mixer hybrid.Mixer) {
		_, streams, err := m.New(bodyOf(t, m), setup(trainSet))
		require.NoError(t, err)
		l := streams[0].Terms[0].Loss.(*loss.Experts)
		for _, inner := range l.Each {
			all = append(all, inner.(*loss.LogitAdjusted).Tau)
		}
		return all, l.Mean, streams[0].Mixer
	}
	all, mean, mixer := taus(method.SADE())
	require.Equal(t, []float64{loss.Off, 1, 3}, all)
	require.False(t, mean)
	require.Nil(t, mixer)
	all, mean, mixer = taus(method.BalPoE())
	require.Equal(t, []float64{loss.Off, 1, 2}, all)
	require.True(t, mean)
	require.Equal(t, hybrid.Mixing{Blender: augment.Mixup{Alpha: 0.4}}, mixer)
	at := func(m method.Method, epoch int) float64 {
		return m.Recipe(200).LearningRate.At(schedule.Progress{Epoch: epoch, Epochs: 200})
	}
	require.InDelta(t, 0.001, at(method.RIDE(), 160), 1e-12)
	require.InDelta(t, 0.01, at(method.SADE(), 160), 1e-12)
	require.Equal(t, optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4}, method.RIDE().Recipe(200).Optimizer)

	_, _, err := method.SADE().New(body(t), setup(trainSet))
	require.ErrorContains(t, err, "method: sade: needs a backbone of 3 branches")
	_, _, err = method.SADE().New(bodyOf(t, method.SADE()), setup(trainSet), hybrid.WithClassifier(nn.Sequential{
		nn.NewLinear(nn.LinearSettings{In: 24, Out: classes, Seed: 1})}))
	require.ErrorContains(t, err, "need a classifier that is an nn.Ensemble")
}

// Losses of experts on a network that has none, and on features that a partner mixes.
func TestExpertsSayWhatIsMissing(t *testing.T) {
	trainSet, _, _ := data(t)
	n, streams, err := method.CE().New(body(t), setup(trainSet))
	require.NoError(t, err)
	streams[0].Terms = []hybrid.Term{{Name: "experts", Loss: &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}}}}}
	_, err = train.Trainer{Streams: streams.Augment(augment.Identity{}), Batch: 8}.Fit(context.Background(), n, trainSet, nil)
	require.ErrorContains(t, err, `term "experts": experts need a backbone of several branches`)
	require.Error(t, tensor.Try(func() error { n.Experts(autograd.NewTape(autograd.Mode{}).Const(tensor.New(1, 12))); return nil }))

	m := method.BBN()
	n, streams, err = m.New(bodyOf(t, m), method.Setup{Counts: dataset.Counts(trainSet), Size: size})
	require.NoError(t, err)
	streams[0].Terms[0].Loss = &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}, &loss.CrossEntropy{}}}
	_, err = train.Trainer{Streams: streams.Augment(augment.Identity{}), Batch: 8}.Fit(context.Background(), n, trainSet, nil)
	require.ErrorContains(t, err, "Partner mixes features of two branches")
}

// The weights of experts are learnt without labels, by views that are the same each time, and make another classifier.
func TestAggregate(t *testing.T) {
	trainSet, _, test := data(t)
	m := method.SADE()
	n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
	require.NoError(t, err)
	tr := train.Trainer{Streams: streams.Augment(augment.Identity{}), Epochs: 6, Batch: 16, ClipNorm: 1, LearningRate: schedule.Constant(0.05)}
	_, err = tr.Fit(context.Background(), n, trainSet, nil)
	require.NoError(t, err)
	before, s := n.Classifier, method.AggregateSettings{Aggregation: posthoc.Aggregation{Epochs: 20, Batch: 10, LearningRate: 0.5, Seed: 1}}
	weights, classifier, err := method.Aggregate(t.Context(), n, unlabelled{test}, s)
	require.NoError(t, err)
	require.Same(t, before, n.Classifier)
	require.Len(t, weights, 3)
	require.InDelta(t, 1, weights[0]+weights[1]+weights[2], 1e-9)
	require.NotEqual(t, weights[0], weights[1])
	again, _, err := method.Aggregate(t.Context(), n, test, s)
	require.NoError(t, err)
	require.Equal(t, weights, again)

	x, _, err := n.FeaturesOf(t.Context(), test, 0)
	require.NoError(t, err)
	each, err := posthoc.ExpertLogits(n.Classifier.(*nn.Linear), x, 3)
	require.NoError(t, err)
	n.Classifier = classifier
	logits, err := posthoc.Logits(classifier, x)
	require.NoError(t, err)
	for i, v := range logits.Data() {
		sum := 0.0
		for e, w := range weights {
			sum += w * float64(each[e].Data()[i])
		}
		require.InDelta(t, sum, float64(v), 1e-4)
	}
	_, err = n.Evaluate(t.Context(), test, 0)
	require.NoError(t, err)

	s.View = augment.Identity{} // two views that are one
	weights, _, err = method.Aggregate(t.Context(), n, test, s)
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1. / 3, 1. / 3, 1. / 3}, weights, 1e-6)

	one, _, err := method.CE().New(body(t), setup(trainSet))
	require.NoError(t, err)
	_, _, err = method.Aggregate(t.Context(), one, test, method.AggregateSettings{})
	require.ErrorContains(t, err, "method: aggregation: experts need a backbone of several branches")
	ride, _, err := method.RIDE().New(bodyOf(t, method.RIDE()), setup(trainSet))
	require.NoError(t, err)
	_, _, err = method.Aggregate(t.Context(), ride, test, method.AggregateSettings{})
	require.ErrorContains(t, err, "needs a linear classifier, the network's is *nn.Cosine")
}

// unlabelled knows no labels.
type unlabelled struct{ dataset.Dataset }

func (unlabelled) Label(int) int { return 0 }

// Routers are the second stage of RIDE: they ask for more experts the more a missed one costs, and for one alone where it costs little.
func TestRoutersOfRIDE(t *testing.T) {
	trainSet, _, test := data(t)
	m := method.RIDE()
	n, streams, err := m.New(bodyOf(t, m), setup(trainSet))
	require.NoError(t, err)
	tr := train.Trainer{Streams: streams.Augment(augment.Identity{}), Epochs: 6, Batch: 16, ClipNorm: 1, LearningRate: schedule.Constant(0.05)}
	_, err = tr.Fit(context.Background(), n, trainSet, nil)
	require.NoError(t, err)
	x, labels, err := n.FeaturesOf(t.Context(), trainSet, 0)
	require.NoError(t, err)
	unseen, testLabels, err := n.FeaturesOf(t.Context(), test, 0)
	require.NoError(t, err)
	used := []float64{}
	for _, positive := range []float64{1e-3, 20, 1e4} {
		router, err := posthoc.Retrain{Batch: 16}.Router(t.Context(), n.Classifier.(nn.Ensemble), 3, posthoc.Set{Features: x, Labels: labels, Classes: classes},
			posthoc.RouterSettings{Positive: positive})
		require.NoError(t, err)
		routed, err := router.Route(unseen)
		require.NoError(t, err)
		c, err := posthoc.Judge(routed.Scores, testLabels)
		require.NoError(t, err)
		used = append(used, routed.Mean)
		t.Logf("%.2f experts of 3: top-1 %s", routed.Mean, c.Top1())
	}
	require.Equal(t, 1.0, used[0])
	require.Greater(t, used[1], used[0])
	require.GreaterOrEqual(t, used[2], used[1])
	require.LessOrEqual(t, used[2], 3.0)
}
