package pretrained_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/pretrained"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// torchvision's networks load weights made here, and networks made here those of torchvision: features and logits are the
// same, in evaluation and in training. LONGTAIL_TORCH is a Python that has torchvision.
func TestWeightsGoToTorchvisionAndBack(t *testing.T) {
	python := os.Getenv("LONGTAIL_TORCH")
	if python == "" {
		t.Skip("LONGTAIL_TORCH is not set: the path of a Python with torchvision")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	images := tensor.New(4, 96, 80, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range images.Data() {
		images.Data()[i] = float32(rng.NormFloat64())
	}
	require.NoError(t, safetensors.Save(at("images.safetensors"), buffers{"images": images}, nil))
	names := []string{"resnet18", "resnet50", "resnext50_32x4d"}
	text, err := json.Marshal(names)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(at("names.json"), text, 0o600))
	for _, name := range names {
		net := named(t, name, 1)
		for _, e := range nn.Entries(net.Backbone) {
			if v := e.Tensor().Data(); len(e.Tensor().Shape()) == 1 { // batch norm other than at its start
				for i := range v {
					v[i] += rng.Float32() / 2
				}
			}
		}
		require.NoError(t, pretrained.Save(at(name+".safetensors"), net))
	}
	log, err := exec.Command(python, filepath.Join("testdata", "torch_peer.py"), dir).CombinedOutput()
	require.NoError(t, err, "%s", log)
	for _, name := range names {
		for ending, weights := range map[string]string{"_go.out": ".safetensors", "_torch.out": ".pth"} {
			net := named(t, name, 2)
			r, err := pretrained.Load(at(name+weights), net, pretrained.Settings{})
			require.NoError(t, err)
			require.Empty(t, r.Left)
			require.Empty(t, r.Missing)
			compare(t, name+weights, at(name+ending), net, images)
		}
	}
}

func named(t *testing.T, name string, seed uint64) *hybrid.Network {
	s, err := backbone.NamedResNet(name)
	require.NoError(t, err)
	s.Seed = seed
	net, err := hybrid.NewNetwork(resNet(t, s), 1000, hybrid.WithoutProjection(), hybrid.WithInput(96, 80, 3), hybrid.WithSeed(seed))
	require.NoError(t, err)
	return net
}

// compare requires outputs within 1e-5 of the largest in evaluation and within 5e-4 in training, where PyTorch's own float32
// is 3e-5 from its float64, and logs how near they are.
func compare(t *testing.T, what, path string, net *hybrid.Network, images *tensor.Tensor) {
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	check := func(name string, got []float32, within float64) {
		x, err := f.Tensor(name)
		require.NoError(t, err)
		want, err := x.Float32()
		require.NoError(t, err)
		require.Len(t, got, want.Len())
		furthest, largest := 0.0, 0.0
		for i, w := range want.Data() {
			furthest, largest = max(furthest, math.Abs(float64(got[i]-w))), max(largest, math.Abs(float64(w)))
		}
		t.Logf("%s: %s differ by at most %.2g, %.1g of the largest, %.3g", what, name, furthest, furthest/largest, largest)
		require.Less(t, furthest, within*largest, name)
	}
	for _, train := range []bool{false, true} {
		mode, within := "eval", 1e-5
		if train {
			mode, within = "train", 5e-4
		}
		tape := autograd.NewTape(autograd.Mode{Train: train, NoGrad: true})
		features := net.Features(tape.Const(images))
		check("features "+mode, features.Data(), within)
		check("logits "+mode, net.Logits(features).Data(), within)
		tape.Commit()
	}
	all := nn.Entries(net.Backbone)
	for i := len(all) - 1; i >= 0; i-- {
		if e := all[i]; e.Path == "layer4.2.bn2.running_var" || e.Path == "layer4.1.bn2.running_var" {
			check("running variance", e.Buffer.Data(), 5e-4)
			break
		}
	}
}

// buffers shows tensors by name.
type buffers map[string]*tensor.Tensor

func (b buffers) Visit(v nn.Visitor) {
	for name, x := range b {
		v.Buffer(name, x)
	}
}
