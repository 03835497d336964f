package safetensors_test

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
)

// PyTorch loads a network that was trained here, by the reader of testdata/torch_peer.py, and this package one that was
// trained there: the outputs in evaluation are the same. LONGTAIL_TORCH is a Python that has torch and numpy.
func TestFilesGoToPyTorchAndBack(t *testing.T) {
	python := os.Getenv("LONGTAIL_TORCH")
	if python == "" {
		t.Skip("LONGTAIL_TORCH is not set: the path of a Python with torch")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name+".safetensors") }
	images := tensor.New(20, 32, 32, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range images.Data() {
		images.Data()[i] = float32(rng.NormFloat64())
	}
	require.NoError(t, safetensors.Save(at("images"), showing(func(v nn.Visitor) { v.Buffer("images", images) }), nil))
	net := resNet32(t, 1)
	trainSet, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 10, Size: 32, PerClass: 10, TestPerClass: 1})
	require.NoError(t, err)
	_, err = train.Trainer{Streams: hybrid.SC(0.1), Epochs: 2, Batch: 16, LimitSteps: 3, LearningRate: schedule.Constant(0.1)}.
		Fit(context.Background(), net, trainSet, nil)
	require.NoError(t, err)
	require.NoError(t, hybrid.Save(at("go"), net, hybrid.AboutOf(trainSet))) // weights with metadata, which PyTorch passes over

	log, err := exec.Command(python, filepath.Join("testdata", "torch_peer.py"), dir).CombinedOutput()
	require.NoError(t, err, "%s", log)

	requireOutputs(t, at("go_outputs"), net, images)
	other := resNet32(t, 2)
	_, err = safetensors.Load(at("torch"), other) // counters of batches are passed over
	require.NoError(t, err)
	requireOutputs(t, at("torch_outputs"), other, images)
}

func resNet32(t *testing.T, seed uint64) *hybrid.Network {
	t.Helper()
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32, Seed: seed})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 10, hybrid.WithSeed(seed))
	require.NoError(t, err)
	return net
}

// requireOutputs compares the network's logits and embeddings of the images with those of a file.
func requireOutputs(t *testing.T, path string, net *hybrid.Network, images *tensor.Tensor) {
	t.Helper()
	logits, embeddings := tensor.New(images.Dim(0), 10), tensor.New(images.Dim(0), 128)
	_, err := safetensors.Load(path, showing(func(v nn.Visitor) {
		v.Buffer("logits", logits)
		v.Buffer("embeddings", embeddings)
	}))
	require.NoError(t, err)
	features := net.Features(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(images))
	for _, c := range []struct {
		name string
		want *tensor.Tensor
		got  *autograd.Var
	}{{"logits", logits, net.Logits(features)}, {"embeddings", embeddings, net.Embed(features)}} {
		furthest, largest := 0.0, 0.0
		for i, want := range c.want.Data() {
			furthest = max(furthest, math.Abs(float64(c.got.Value().Data()[i]-want)))
			largest = max(largest, math.Abs(float64(want)))
		}
		require.Less(t, furthest, 1e-4, c.name)
		require.Greater(t, largest, 0.1, c.name)
		t.Logf("%s: %s differ by at most %.2g, the largest is %.2g", filepath.Base(path), c.name, furthest, largest)
	}
}
