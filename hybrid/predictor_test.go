package hybrid_test

import (
	"context"
	"math"
	"path/filepath"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

func freeze(t *testing.T, n *hybrid.Network) *hybrid.Predictor {
	t.Helper()
	p, err := n.Freeze()
	require.NoError(t, err)
	return p
}

func images(t *testing.T, d dataset.Dataset) []*dataset.Image {
	t.Helper()
	var all []*dataset.Image
	for i := range d.Len() {
		all = append(all, image(t, d, i))
	}
	return all
}

// trainedNetwork has running statistics of its own.
func trainedNetwork(t *testing.T) (*hybrid.Network, *dataset.Memory, *dataset.Memory) {
	t.Helper()
	trainSet, test := generated(t, 20)
	n := resNet(t, 1)
	fit(t, train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 16, LearningRate: schedule.Constant(0.05)}, n, trainSet, nil)
	return n, trainSet, test
}

func TestPredictorAgreesWithTheNetwork(t *testing.T) {
	n, _, test := trainedNetwork(t)
	p := freeze(t, n)
	all := images(t, test)
	predictions, err := p.Predict(all...)
	require.NoError(t, err)
	require.Len(t, predictions, test.Len())
	embeddings, err := p.Embed(all...)
	require.NoError(t, err)
	require.Equal(t, tensor.Shape{test.Len(), n.EmbeddingDim()}, embeddings.Shape())

	x := tensor.New(test.Len(), 8, 8, 3)
	table, err := n.Normalize().Table()
	require.NoError(t, err)
	for i, img := range all {
		require.NoError(t, table.Write(x.Rows(i, i+1).Data(), img))
	}
	logits, err := p.Logits(x)
	require.NoError(t, err)
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	features := n.Features(tape.Const(x))
	require.Equal(t, n.Logits(features).Value(), logits)
	require.Equal(t, n.Embed(features).Value(), embeddings)

	alone, err := p.Logits(x.Rows(3, 4))
	require.NoError(t, err)
	require.Equal(t, logits.Rows(3, 4).Data(), alone.Data(), "the batch has no say")

	correct := 0
	for i, got := range predictions {
		sum, largest := 0.0, 0
		for c, q := range got.Probabilities {
			require.InDelta(t, q, math.Exp(float64(logits.Data()[i*classes+c]-logits.Data()[i*classes+largest]))*got.Probabilities[largest], 1e-6)
			if sum += q; q > got.Probabilities[largest] {
				largest = c
			}
		}
		require.InDelta(t, 1, sum, 1e-12)
		require.Equal(t, largest, got.Class)
		require.Equal(t, got.Probabilities[largest], got.Probability)
		norm := 0.0
		for _, v := range embeddings.Rows(i, i+1).Data() {
			norm += float64(v) * float64(v)
		}
		require.InDelta(t, 1, norm, 1e-5)
		if got.Class == test.Label(i) {
			correct++
		}
	}
	for _, batch := range []int{0, 1, 7, 80, 1000} {
		byNetwork, err := n.Evaluate(context.Background(), test, batch)
		require.NoError(t, err)
		byPredictor, err := p.Evaluate(context.Background(), test, batch)
		require.NoError(t, err)
		require.Equal(t, byNetwork, byPredictor, "batches of %d", batch)
		require.InDelta(t, float64(correct)/float64(test.Len()), float64(byPredictor.Top1()), 1e-12)
	}
}

// Neither training on nor new parts change a predictor.
func TestPredictorDoesNotChange(t *testing.T) {
	n, trainSet, test := trainedNetwork(t)
	p := freeze(t, n)
	all := images(t, test)[:3]
	before, err := p.Predict(all...)
	require.NoError(t, err)
	embedded, err := p.Embed(all...)
	require.NoError(t, err)

	fit(t, train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 16, LearningRate: schedule.Constant(0.1)}, n, trainSet, nil)
	other, err := freeze(t, n).Predict(all...)
	require.NoError(t, err)
	require.NotEqual(t, before, other)
	n.Backbone, n.Projection = resNet(t, 2).Backbone, nil
	n.Classifier = resNet(t, 2).Classifier

	after, err := p.Predict(all...)
	require.NoError(t, err)
	require.Equal(t, before, after)
	again, err := p.Embed(all...)
	require.NoError(t, err)
	require.Equal(t, embedded, again)
}

func TestPredictorServesManyGoroutines(t *testing.T) {
	n, _, test := trainedNetwork(t)
	p := freeze(t, n)
	all := images(t, test)
	var want []hybrid.Prediction
	for _, img := range all {
		one, err := p.Predict(img)
		require.NoError(t, err)
		want = append(want, one...)
	}
	confusion, err := p.Evaluate(context.Background(), test, 0)
	require.NoError(t, err)
	var group sync.WaitGroup
	errs := make(chan error, 64)
	for g := range 8 {
		group.Go(func() {
			for i := range all {
				k := (i*7 + g*10) % len(all)
				got, err := p.Predict(all[k])
				if err != nil {
					errs <- err
				} else if got[0].Class != want[k].Class || got[0].Probability != want[k].Probability {
					t.Errorf("image %d: %v, alone %v", k, got[0], want[k])
				}
			}
			if c, err := p.Evaluate(context.Background(), test, 1+g); err != nil {
				errs <- err
			} else if c.Top1() != confusion.Top1() {
				t.Errorf("accuracy %v, alone %v", c.Top1(), confusion.Top1())
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
}

func TestPredictorTakesNoImages(t *testing.T) {
	for _, n := range []*hybrid.Network{mlp(t), resNet(t, 1)} {
		p := freeze(t, n)
		predictions, err := p.Predict()
		require.NoError(t, err)
		require.Empty(t, predictions)
		embeddings, err := p.Embed()
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{0, 8}, embeddings.Shape())
	}
}

func TestPredictorRefusesImages(t *testing.T) {
	_, test := generated(t, 1)
	p := freeze(t, resNet(t, 1))
	wrong := &dataset.Image{}
	wrong.Resize(dataset.Shape{Height: 8, Width: 4, Channels: 3})
	_, err := p.Predict(image(t, test, 0), wrong)
	require.EqualError(t, err, "hybrid: image 1: is 8×4×3 (height×width×channels), the network takes 8×8×3: resize it or use hybrid.WithInput"+anySize)
	_, err = p.Embed(wrong)
	require.EqualError(t, err, "hybrid: image 0: is 8×4×3 (height×width×channels), the network takes 8×8×3: resize it or use hybrid.WithInput"+anySize)
	_, err = p.Predict(&dataset.Image{Width: 8, Height: 8, Channels: 3})
	require.EqualError(t, err, "hybrid: image 0: has 0 bytes of pixels, 8×8×3 takes 192")

	x := tensor.New(3, 8, 8, 3)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		x.Data()[192+5] = float32(bad)
		_, err = p.Logits(x)
		require.ErrorContains(t, err, "hybrid: image 1 has the value ")
		require.ErrorContains(t, err, " at position 5: pixels must be finite")
	}
	for want, x := range map[string]*tensor.Tensor{
		"hybrid: images of shape [2 9 8 3]: the network takes [R 8 8 3]": tensor.New(2, 9, 8, 3),
		"hybrid: images of shape [8 8 3]: the network takes [R 8 8 3]":   tensor.New(8, 8, 3),
		"hybrid: images of shape []: the network takes [R 8 8 3]":        tensor.Scalar(float32(math.NaN())),
	} {
		_, err = p.Logits(x)
		require.EqualError(t, err, want)
	}
}

func TestPredictorWithoutProjection(t *testing.T) {
	_, test := generated(t, 1)
	_, err := freeze(t, mlp(t, hybrid.WithoutProjection())).Embed(image(t, test, 0))
	var misuse *tensor.Error
	require.ErrorAs(t, err, &misuse)
	require.EqualError(t, err, "hybrid.Embed: the network was made without a projection head")
}

func TestFreezeRefusesWeights(t *testing.T) {
	for path, bad := range map[string]float64{"backbone.bn1.running_var": math.NaN(), "classifier.weight": math.Inf(-1)} {
		n := resNet(t, 1)
		entries(n, path)[0].Tensor().Data()[2] = float32(bad)
		_, err := n.Freeze()
		require.ErrorContains(t, err, "hybrid: "+path+"[2] is ")
		require.ErrorContains(t, err, ": the network cannot predict")
		path := filepath.Join(t.TempDir(), "model.safetensors")
		require.ErrorContains(t, hybrid.Save(path, n, hybrid.About{}), "[2] is ")
		require.NoFileExists(t, path)
	}
}

// Finite weights so large that the logits are not.
func TestOverflowIsAnErrorOfPrediction(t *testing.T) {
	_, test := generated(t, 1)
	n := mlp(t)
	for _, e := range nn.Params(n) {
		for i := range e.Param.Value.Data() {
			e.Param.Value.Data()[i] *= 1e30
		}
	}
	p := freeze(t, n)
	_, err := p.Predict(image(t, test, 1), image(t, test, 2))
	require.ErrorContains(t, err, "hybrid: the network gives ")
	require.ErrorContains(t, err, " for image 0: its weights are too large")
}

func TestEvaluateRefusesData(t *testing.T) {
	trainSet, _ := generated(t, 1)
	n := mlp(t)
	p := freeze(t, n)
	empty, err := dataset.Subset(trainSet, nil)
	require.NoError(t, err)
	for _, evaluate := range []func(dataset.Dataset) error{
		func(d dataset.Dataset) error { _, err := n.Evaluate(context.Background(), d, 0); return err },
		func(d dataset.Dataset) error { _, err := p.Evaluate(context.Background(), d, 0); return err },
	} {
		require.EqualError(t, evaluate(empty), "hybrid: the evaluation data has no images")
		require.EqualError(t, evaluate(with{Dataset: trainSet, classes: []string{"a"}}), "hybrid: the evaluation data has 1 classes, the network 4")
		require.EqualError(t, evaluate(with{Dataset: trainSet, label: func(int) int { return 9 }}),
			"hybrid: evaluation image 0 has label 9, not one of 4 classes")
		require.ErrorIs(t, evaluate(corrupt(trainSet, 2)), errCorrupt)
	}
}
