package hybrid_test

import (
	"context"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// lying is a backbone whose OutDim is not the width of its features.
type lying struct {
	backbone.Backbone
	dim int
}

func (l lying) OutDim() int { return l.dim }

func TestNewNetworkRefuses(t *testing.T) {
	body := newMLP(t, 192, 6)
	rng := rand.New(rand.NewPCG(1, 1))
	flat := nn.Func(func(x *autograd.Var) *autograd.Var { return autograd.Sum(x) })
	for _, c := range []struct {
		want    string
		b       backbone.Backbone
		classes int
		opts    []hybrid.Option
	}{
		{"hybrid: the backbone is nil", nil, 4, nil},
		{"hybrid: the backbone.Func has no Module: give it one, such as an nn.Sequential", backbone.Func{Dim: 3}, 4, nil},
		{"hybrid: a classifier needs at least two classes, not 1", body, 1, nil},
		{"hybrid: a classifier needs at least two classes, not 0", body, 0, nil},
		{"hybrid: images of 8×0 with 3 channels: each must be at least 1", body, 4, []hybrid.Option{hybrid.WithInput(8, 0, 3)}},
		{"hybrid: projection widths -1 and 8 must not be negative", body, 4, []hybrid.Option{hybrid.WithProjection(-1, 8)}},
		{"hybrid: normalisation has 1 channels, the network's images have 3", body, 4,
			[]hybrid.Option{hybrid.WithNormalize(augment.Normalize{Mean: []float64{0}, Std: []float64{1}})}},
		{"augment: Normalize.Std[1] is 0: it must be positive and finite", body, 4,
			[]hybrid.Option{hybrid.WithNormalize(augment.Normalize{Mean: make([]float64, 3), Std: []float64{1, 0, 1}})}},
		{"nn.Linear (backbone.0.weight) [1 9 8 3], [6 192]: input and weight [out, in] differ in width", body, 4,
			[]hybrid.Option{hybrid.WithInput(9, 8, 3)}},
		{"hybrid: the backbone's OutDim is 0: features must have at least one value", lying{body, 0}, 4, nil},
		{"hybrid: the backbone's OutDim is -3: features must have at least one value", lying{body, -3}, 4, nil},
		{"hybrid: the backbone gives features of shape [1 6] for one image, its OutDim says [1 7]", lying{body, 7}, 4, nil},
		{"nn.Linear (classifier.weight) [1 6], [4 5]: input and weight [out, in] differ in width", body, 4,
			[]hybrid.Option{hybrid.WithClassifier(nn.NewLinear(nn.LinearSettings{In: 5, Out: 4, Rand: rng}))}},
		{"hybrid: the classifier gives logits of shape [1 5] for one image, 4 classes need [1 4]", body, 4,
			[]hybrid.Option{hybrid.WithClassifier(nn.NewLinear(nn.LinearSettings{In: 6, Out: 5, Rand: rng}))}},
		{"hybrid: the classifier gives logits of shape [] for one image, 4 classes need [1 4]", body, 4, []hybrid.Option{hybrid.WithClassifier(flat)}},
		{"nn.Linear (projection.weight) [1 6], [4 7]: input and weight [out, in] differ in width", body, 4,
			[]hybrid.Option{hybrid.WithProjectionModule(nn.NewLinear(nn.LinearSettings{In: 7, Out: 4, Rand: rng}))}},
		{"nn.L2Normalize []: needs a matrix [rows, columns]", body, 4, []hybrid.Option{hybrid.WithProjectionModule(flat)}},
	} {
		opts := append([]hybrid.Option{hybrid.WithInput(8, 8, 3)}, c.opts...)
		_, err := hybrid.NewNetwork(c.b, c.classes, opts...)
		require.EqualError(t, err, c.want)
	}
}

func paths(m nn.Visitable) (all []string) {
	for _, e := range nn.Entries(m) {
		all = append(all, e.Path)
	}
	return all
}

func TestNamesOfState(t *testing.T) {
	require.Equal(t, []string{"backbone.0.weight", "backbone.0.bias", "projection.0.weight", "projection.0.bias", "projection.2.weight",
		"projection.2.bias", "classifier.weight", "classifier.bias"}, paths(mlp(t)))
	n := resNet(t, 1)
	require.Subset(t, paths(n), []string{"backbone.conv1.weight", "backbone.bn1.weight", "backbone.bn1.running_mean",
		"backbone.layer3.0.conv2.weight", "projection.0.weight", "classifier.weight"})
	for _, e := range nn.Params(n) {
		require.Equal(t, e.Path, e.Param.Name)
	}
}

func TestNetworkOptions(t *testing.T) {
	body := newMLP(t, 192, 6)
	shape := func(n *hybrid.Network, path string) tensor.Shape {
		found := entries(n, path)
		require.Len(t, found, 1, path)
		return found[0].Tensor().Shape()
	}
	rng := rand.New(rand.NewPCG(1, 1))
	with := func(opts ...hybrid.Option) *hybrid.Network {
		n, err := hybrid.NewNetwork(body, classes, append([]hybrid.Option{hybrid.WithInput(8, 8, 3)}, opts...)...)
		require.NoError(t, err)
		return n
	}

	n := with()
	require.Equal(t, 128, n.EmbeddingDim())
	require.Equal(t, classes, n.Classes())
	require.Equal(t, tensor.Shape{6, 6}, shape(n, "projection.0.weight"))
	require.Equal(t, tensor.Shape{128, 6}, shape(n, "projection.2.weight"))
	require.Equal(t, tensor.Shape{4, 6}, shape(n, "classifier.weight"))
	require.Equal(t, state(n, nil), state(with(hybrid.WithSeed(0), hybrid.WithProjection(0, 0)), nil), "the defaults")

	other := with(hybrid.WithSeed(1))
	require.NotEqual(t, state(n, nil)["classifier.weight"], state(other, nil)["classifier.weight"])
	require.NotEqual(t, state(n, nil)["projection.0.weight"], state(other, nil)["projection.0.weight"])

	n = with(hybrid.WithProjection(9, 5))
	require.Equal(t, 5, n.EmbeddingDim())
	require.Equal(t, tensor.Shape{9, 6}, shape(n, "projection.0.weight"))
	require.Equal(t, tensor.Shape{5, 9}, shape(n, "projection.2.weight"))

	n = with(hybrid.WithoutProjection())
	require.Zero(t, n.EmbeddingDim())
	require.Nil(t, n.Projection)
	require.Empty(t, entries(n, "projection"))

	n = with(hybrid.WithProjectionModule(nn.NewLinear(nn.LinearSettings{In: 6, Out: 3, Rand: rng})))
	require.Equal(t, 3, n.EmbeddingDim())
	require.Equal(t, tensor.Shape{3, 6}, shape(n, "projection.weight"))

	n = with(hybrid.WithCosineClassifier())
	require.IsType(t, &nn.Cosine{}, n.Classifier)
	tape := autograd.NewTape(autograd.Mode{})
	features, err := tensor.FromSlice([]float32{1, -2, 3, 4, 50, 600}, 1, 6)
	require.NoError(t, err)
	for _, cos := range n.Logits(tape.Const(features)).Data() {
		require.LessOrEqual(t, cos*cos, float32(1.0001))
	}

	own := nn.NewLinear(nn.LinearSettings{In: 6, Out: 4, Rand: rng})
	require.Same(t, own, with(hybrid.WithClassifier(own)).Classifier)
}

// The same image gives other logits under another normalisation; one channel has a default of its own.
func TestNormalization(t *testing.T) {
	n, d := pixels(t, 3)
	p, err := freeze(t, n).Predict(image(t, d, 2))
	require.NoError(t, err)
	require.InDelta(t, 1/(1+1e-8), p[0].Probability, 1e-6, "logits 20 and 0")

	weight := n.Classifier
	n, err = hybrid.NewNetwork(pixel{}, 2, hybrid.WithInput(1, 1, 1), hybrid.WithClassifier(weight))
	require.NoError(t, err)
	p, err = freeze(t, n).Predict(image(t, d, 2))
	require.NoError(t, err)
	logit := (20./255 - 0.5) / 0.25
	require.InDelta(t, 1/(1+math.Exp(-logit)), p[0].Probabilities[0], 1e-6)
}

func TestSummary(t *testing.T) {
	n := mlp(t, hybrid.WithProjection(5, 7))
	s, err := n.Summary()
	require.NoError(t, err)
	require.Equal(t, 193*12+13*5+6*7+13*4, s.Parameters, "of backbone, projection and classifier")
	require.EqualValues(t, 192*12+12*4, s.MultiplyAdds, "of prediction")
	require.Equal(t, tensor.Shape{4}, s.Output)
}

func TestEmbedWithoutProjectionPanicsWithError(t *testing.T) {
	n := mlp(t, hybrid.WithoutProjection())
	tape := autograd.NewTape(autograd.Mode{})
	err := tensor.Try(func() error { n.Embed(tape.Const(tensor.New(1, 12))); return nil })
	require.EqualError(t, err, "hybrid.Embed: the network was made without a projection head")
}

func TestSavedNetworkPredictsTheSame(t *testing.T) {
	n, _, test := trainedNetwork(t)
	file := filepath.Join(t.TempDir(), "network.safetensors")
	require.NoError(t, safetensors.Save(file, n, map[string]string{"method": "SC"}))
	loaded := resNet(t, 99)
	metadata, err := safetensors.Load(file, loaded)
	require.NoError(t, err)
	require.Equal(t, "SC", metadata["method"])
	require.Equal(t, state(n, nil), state(loaded, nil))
	all := images(t, test)
	want, err := freeze(t, n).Predict(all...)
	require.NoError(t, err)
	got, err := freeze(t, loaded).Predict(all...)
	require.NoError(t, err)
	require.Equal(t, want, got)

	_, err = safetensors.Load(file, mlp(t))
	require.Error(t, err, "another network")
}

// An image is predicted the same alone and among others.
func TestPredictionDoesNotDependOnTheBatch(t *testing.T) {
	n, _, test := trainedNetwork(t)
	p := freeze(t, n)
	var all []*dataset.Image
	for i := range 20 {
		all = append(all, image(t, test, i))
	}
	together, err := p.Predict(all...)
	require.NoError(t, err)
	for i, img := range all {
		alone, err := p.Predict(img)
		require.NoError(t, err)
		require.Equal(t, together[i].Class, alone[0].Class)
		require.InDelta(t, together[i].Probability, alone[0].Probability, 1e-6)
	}
}

func TestTheLastOptionOfAPartCounts(t *testing.T) {
	body := newMLP(t, 192, 12)
	last := func(opts ...hybrid.Option) *hybrid.Network { return newNetwork(t, body, opts...) }
	require.Nil(t, last(hybrid.WithoutProjection()).Projection)
	require.Equal(t, 5, last(hybrid.WithoutProjection(), hybrid.WithProjection(0, 5)).EmbeddingDim())
	mine := nn.NewLinear(nn.LinearSettings{In: 12, Out: classes, Seed: 1})
	require.Same(t, mine, last(hybrid.WithCosineClassifier(), hybrid.WithClassifier(mine)).Classifier)
	require.IsType(t, &nn.Cosine{}, last(hybrid.WithClassifier(mine), hybrid.WithCosineClassifier()).Classifier)
	require.Equal(t, 12, last(hybrid.WithoutProjection(), hybrid.WithProjectionModule(nn.Func(nn.ReLU))).EmbeddingDim())
}

// A last step that overflows the weights is found by the evaluation after it.
func TestEvaluationRefusesLogitsThatAreNotFinite(t *testing.T) {
	n := mlp(t)
	_, test := generated(t, 1)
	nn.Params(n)[0].Param.Value.Data()[0] = float32(math.Inf(1))
	_, err := n.Evaluate(context.Background(), test, 0)
	require.ErrorContains(t, err, "the network's weights have grown out of range")
}
