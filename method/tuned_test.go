package method_test

import (
	"context"
	"math"
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
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func stageOf(d dataset.Dataset) method.Stage {
	return method.Stage{Train: d, Retrain: posthoc.Retrain{Batch: 16, Seed: 4}}
}

func trained(t *testing.T, m method.Method, b backbone.Backbone) (*hybrid.Network, dataset.Dataset) {
	t.Helper()
	trainSet, _, _ := data(t)
	n, streams, err := m.New(b, setup(trainSet))
	require.NoError(t, err)
	tr := train.Trainer{Streams: streams.Augment(augment.Identity{}), Epochs: 2, Batch: 16, ClipNorm: 1}
	_, err = tr.Fit(context.Background(), n, trainSet, nil)
	require.NoError(t, err)
	return n, trainSet
}

// The second stage goes on from the classifier, by the paper's settings, and no row is longer than the bound.
func TestWeightBalancingBoundsTheRows(t *testing.T) {
	n, trainSet := trained(t, method.WeightBalancing(), body(t))
	head := n.Classifier.(*nn.Linear)
	x, labels, err := n.FeaturesOf(context.Background(), trainSet, 0)
	require.NoError(t, err)
	want, err := posthoc.Retrain{Batch: 16, Seed: 4, Sampler: sampler.Instance{}, LearningRate: schedule.Cosine{Base: 0.01, ByStep: true},
		Optimizer: optim.MaxNorm{Rule: optim.SGD{Momentum: 0.9, WeightDecay: 0.1}, Share: 0.1}, Loss: &loss.ClassBalanced{Beta: 0.9999}}.Tune(
		context.Background(), head, posthoc.Set{Features: x, Labels: labels, Classes: classes})
	require.NoError(t, err)
	require.NoError(t, method.WeightBalancing().Finish(context.Background(), n, stageOf(trainSet)))
	got := n.Classifier.(*nn.Linear)
	require.Equal(t, want.Weight.Value.Data(), got.Weight.Value.Data())
	require.NotEqual(t, head.Weight.Value.Data(), got.Weight.Value.Data())
	norms := func(l *nn.Linear) (least, most float64) {
		least = math.Inf(1)
		for c := range classes {
			sum := 0.0
			for _, v := range l.Weight.Value.Rows(c, c+1).Data() {
				sum += float64(v) * float64(v)
			}
			least, most = min(least, math.Sqrt(sum)), max(most, math.Sqrt(sum))
		}
		return least, most
	}
	least, most := norms(head)
	_, now := norms(got)
	require.LessOrEqual(t, now, (least+0.1*(most-least))*(1+1e-6))

	recipe := method.WeightBalancing().Recipe(200)
	require.Equal(t, 64, recipe.Batch)
	require.Equal(t, optim.SGD{Momentum: 0.9, WeightDecay: 5e-3}, recipe.Optimizer)
	require.InDelta(t, 0.005, recipe.LearningRate.At(schedule.Progress{Epoch: 100, Epochs: 200}), 1e-12)
}

// Only running statistics and the scales of the classes change, and the statistics become those of balanced batches.
func TestMiSLASMovesStatisticsToBalancedImages(t *testing.T) {
	b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Seed: 1})
	require.NoError(t, err)
	n, trainSet := trained(t, method.MiSLAS(), b)
	head := n.Classifier.(*nn.Linear)
	before := map[string][]float32{}
	for _, e := range nn.Entries(b) {
		before[e.Path] = append([]float32{}, e.Tensor().Data()...)
	}
	require.NoError(t, method.MiSLAS().Finish(context.Background(), n, stageOf(trainSet)))
	for _, e := range nn.Entries(b) {
		require.Equal(t, e.Buffer == nil, equal(before[e.Path], e.Tensor().Data()), e.Path)
		require.False(t, e.Param != nil && e.Param.Frozen, "%s is trained again afterwards", e.Path)
	}
	got := n.Classifier.(*nn.Linear)
	for c := range classes {
		was, is := head.Weight.Value.Rows(c, c+1).Data(), got.Weight.Value.Rows(c, c+1).Data()
		for i := range was {
			require.InDelta(t, float64(is[0]/was[0]), float64(is[i]/was[i]), 1e-3, "one scale a class")
		}
	}

	// The mean of the first convolution over balanced images, in float64.
	sums, rows := make([]float64, 2), 0.0
	counts := dataset.Counts(trainSet)
	for i := range trainSet.Len() {
		var img dataset.Image
		require.NoError(t, trainSet.Image(i, &img))
		in := n.Input()
		x := make([]float32, in.Height*in.Width*in.Channels)
		require.NoError(t, n.Write(x, &img))
		y := firstConvolution(t, b, x)
		weight := 1 / float64(counts[trainSet.Label(i)])
		for k, v := range y {
			sums[k%2] += weight * float64(v)
		}
		rows += weight * float64(len(y)/2)
	}
	for _, e := range nn.Entries(b) {
		if e.Path == "bn1.running_mean" {
			for c, v := range e.Buffer.Data() {
				require.InDelta(t, sums[c]/rows, float64(v), 0.1, "channel %d, was %v", c, before[e.Path][c])
			}
		}
	}
}

func equal(a, b []float32) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// firstConvolution returns what the stem's convolution makes of an image.
func firstConvolution(t *testing.T, b *backbone.CIFARResNet, x []float32) []float32 {
	t.Helper()
	for _, e := range nn.Params(b) {
		if e.Path == "conv1.weight" {
			tape := autograd.NewTape(autograd.Mode{NoGrad: true})
			image := tape.Tensor(1, size, size, 3)
			copy(image.Data(), x)
			conv := &nn.Conv2d{Weight: e.Param, Stride: 1, Padding: 1}
			return conv.Forward(tape.Const(image)).Data()
		}
	}
	t.Fatal("no conv1.weight")
	return nil
}

// A second stage that fails leaves statistics as they were.
func TestMiSLASThatIsCancelledChangesNothing(t *testing.T) {
	b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Seed: 1})
	require.NoError(t, err)
	n, trainSet := trained(t, method.MiSLAS(), b)
	before := autograd.Snapshot(nn.Tensors(n)...)
	s := stageOf(trainSet)
	s.Retrain.Epochs = -1 // found after the statistics have moved
	require.Error(t, method.MiSLAS().Finish(context.Background(), n, s))
	empty := stageOf(trainSet)
	empty.Train, err = dataset.Subset(trainSet, nil)
	require.NoError(t, err)
	require.ErrorContains(t, method.MiSLAS().Finish(context.Background(), n, empty), "no training images")
	for _, x := range nn.Tensors(n) {
		require.Equal(t, before.Of(x).Data(), x.Data())
	}
}
