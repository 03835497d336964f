package onnx_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/onnx"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// opened is a network's file as a backbone.
func opened(t testing.TB, n *hybrid.Network, s onnx.Settings, o onnx.OpenSettings) *onnx.Backbone {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, onnx.Export(&file, n, hybrid.About{}, s))
	b, err := onnx.Read(file.Bytes(), o)
	require.NoError(t, err)
	return b
}

func forward(t testing.TB, m nn.Module, x *tensor.Tensor) *tensor.Tensor {
	t.Helper()
	var y *tensor.Tensor
	require.NoError(t, tensor.Try(func() error {
		y = m.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Value()
		return nil
	}))
	return y
}

// requireCircle exports a network in several forms, and requires that what is read computes the same.
func requireCircle(t *testing.T, n *hybrid.Network) {
	t.Helper()
	x := samples(n, 4)
	logits, embeddings := results(t, n, x)
	images := n.Input().Features == 0
	for _, s := range []onnx.Settings{{Embeddings: embeddings != nil}, {NCHW: images, FoldBatchNorm: true}} {
		layout := onnx.ChannelsLast
		if s.NCHW {
			layout = onnx.ChannelsFirst
		}
		b := opened(t, n, s, onnx.OpenSettings{Layout: layout})
		require.Equal(t, n.Classes(), b.OutDim())
		require.Equal(t, n.Input().Batch(1)[1:], b.Input())
		requireClose(t, logits.Data(), forward(t, b, x).Data(), 2e-5)
		if s.Embeddings {
			b = opened(t, n, s, onnx.OpenSettings{Layout: layout, Output: "embeddings"})
			require.Equal(t, n.EmbeddingDim(), b.OutDim())
			requireClose(t, embeddings.Data(), forward(t, b, x).Data(), 2e-5)
		}
	}
}

// Export and import give equal logits for every backbone and head.
func TestCircle(t *testing.T) {
	for _, n := range networks(t) {
		t.Run(n.name, func(t *testing.T) { requireCircle(t, n.of) })
	}
}

// presets are networks of every method with its final classifier, on a body for small images and on one for photographs.
func presets(t *testing.T) (all []named) {
	for _, m := range append(method.All(), method.Variants()...) {
		small, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2, Seed: 1, Branches: m.Branches})
		require.NoError(t, err)
		photos, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 18, Width: 2, Seed: 1, Branches: m.Branches})
		require.NoError(t, err)
		all = append(all, named{m.Name, finished(t, m, small, 8)}, named{m.Name + " of photographs", finished(t, m, photos, 20)})
	}
	return all
}

// finished is the network of a method after its second stage, if it has one.
func finished(t *testing.T, m method.Method, body backbone.Backbone, size int) *hybrid.Network {
	t.Helper()
	all, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, Size: size, PerClass: 20, TestPerClass: 1, Seed: 1})
	require.NoError(t, err)
	trainSet, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 4}, dataset.LongTailSettings{Seed: 1})
	require.NoError(t, err)
	n, _, err := m.New(body, method.Setup{Counts: dataset.Counts(trainSet), Size: size, Dim: 6, Seed: 3})
	require.NoError(t, err)
	shaken(n)
	require.NoError(t, m.Finish(context.Background(), n, method.Stage{Train: trainSet, Held: all, Retrain: posthoc.Retrain{Batch: 8, Epochs: 1}}))
	return n
}

// And for the network of every preset.
func TestCircleOfEveryMethod(t *testing.T) {
	for _, n := range presets(t) {
		t.Run(n.name, func(t *testing.T) { requireCircle(t, n.of) })
	}
}

// Normalisation and softmax inside, pixels outside.
func TestCircleOfPixels(t *testing.T) {
	n := cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 4}, hybrid.WithNormalize(augment.CIFARNormalize()))
	pixels := samples(n, 3)
	normal := pixels.Clone()
	img := dataset.Image{Height: 16, Width: 16, Channels: 3, Pix: make([]uint8, 16*16*3)}
	for i := range 3 {
		row := pixels.Rows(i, i+1).Data()
		for k := range row {
			img.Pix[k] = uint8(k*7 + i*50)
			row[k] = float32(img.Pix[k])
		}
		require.NoError(t, n.Write(normal.Rows(i, i+1).Data(), &img))
	}
	logits, _ := results(t, n, normal)
	want, err := tensor.FromSlice(logits.Data(), 3, 5)
	require.NoError(t, err)
	probabilities := forward(t, nn.Func(nn.Softmax), want)
	for _, s := range []onnx.Settings{{Normalize: true, Softmax: true}, {Normalize: true, Softmax: true, NCHW: true, Batch: 3}} {
		requireClose(t, probabilities.Data(), forward(t, opened(t, n, s, onnx.OpenSettings{}), pixels).Data(), 2e-5)
	}
}

// A file is a backbone of other networks, at any size its operations allow, and a part of it too.
func TestBackboneOfAFile(t *testing.T) {
	n := cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 4})
	b := opened(t, n, onnx.Settings{Features: true}, onnx.OpenSettings{Output: "features"})
	x := samples(n, 3)
	var features *tensor.Tensor
	require.NoError(t, tensor.Try(func() error {
		features = n.Features(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Value()
		return nil
	}))
	requireClose(t, features.Data(), forward(t, b, x).Data(), 2e-5)

	paths := map[string]bool{}
	for _, e := range nn.Entries(b) {
		paths[e.Path] = true
	}
	for _, e := range nn.Entries(n.Backbone) {
		require.True(t, paths["backbone."+e.Path], "%s has its name in the file", e.Path)
	}
	require.Len(t, paths, len(nn.Entries(n.Backbone)), "the file's other weights are not needed")

	other, err := hybrid.NewNetwork(b, 7, hybrid.WithInput(16, 16, 3))
	require.NoError(t, err)
	_, err = hybrid.NewNetwork(b, 7, hybrid.WithInput(20, 16, 3))
	require.ErrorContains(t, err, "[16 16 3]")

	train := func(frozen bool) []float32 {
		b := opened(t, n, onnx.Settings{Features: true}, onnx.OpenSettings{Output: "features"})
		nn.Freeze(b, frozen)
		other, err = hybrid.NewNetwork(b, 7, hybrid.WithInput(16, 16, 3))
		require.NoError(t, err)
		before := forward(t, b, x).Clone()
		tape := autograd.NewTape(autograd.Mode{Train: true})
		loss := autograd.Mean(autograd.Mul(other.Forward(tape.Const(x)), other.Forward(tape.Const(x))))
		tape.Backward(loss, nil)
		for _, e := range nn.Params(other) {
			if e.Param.Grad == nil {
				continue
			}
			for i, g := range e.Param.Grad.Data() {
				e.Param.Value.Data()[i] -= 0.1 * g
			}
		}
		tape.Commit()
		after := forward(t, b, x)
		for i := range after.Data() {
			after.Data()[i] -= before.Data()[i]
		}
		return after.Data()
	}
	require.Equal(t, make([]float32, 3*16), train(true), "frozen")
	require.NotEqual(t, make([]float32, 3*16), train(false))
}

// On a tape without gradients memory goes back: a backbone of a file takes as much as the network's own, more or less.
func TestMemoryOfABackbone(t *testing.T) {
	n := cifar(t, backbone.CIFARResNetSettings{Depth: 20, Width: 8})
	b := opened(t, n, onnx.Settings{Features: true}, onnx.OpenSettings{Output: "features"})
	peak := func(m nn.Module) int64 {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		m.Forward(tape.Const(samples(n, 4)))
		return tape.PeakBytes()
	}
	require.Less(t, peak(b), 2*peak(n.Backbone))
}
