package pretrained_test

import (
	"bytes"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/pretrained"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

const small = "testdata/small.pth"

func resNet(t testing.TB, s backbone.ResNetSettings) *backbone.ResNet {
	t.Helper()
	if s.Depth == 0 {
		s.Depth, s.Width = 18, 2
	}
	r, err := backbone.NewResNet(s)
	require.NoError(t, err)
	return r
}

func network(t testing.TB, classes int, opts ...hybrid.Option) *hybrid.Network {
	t.Helper()
	n, err := hybrid.NewNetwork(resNet(t, backbone.ResNetSettings{}), classes, append(opts, hybrid.WithSeed(3))...)
	require.NoError(t, err)
	return n
}

// values are copies of all tensors by path.
func values(m nn.Visitable) map[string][]float32 {
	all := map[string][]float32{}
	for _, e := range nn.Entries(m) {
		all[e.Path] = slices.Clone(e.Tensor().Data())
	}
	return all
}

// A checkpoint of PyTorch gives PyTorch's logits, in evaluation and in training.
func TestVectorCheckpoint(t *testing.T) {
	var cases []struct {
		Shape       []int
		Classes     int
		Eval, Train []float64
	}
	vectortest.Load(t, "small", &cases)
	for _, c := range cases {
		net := network(t, c.Classes)
		r, err := pretrained.Load(small, net, pretrained.Settings{})
		require.NoError(t, err)
		require.Equal(t, "state_dict.module.", r.Prefix)
		require.Equal(t, "backbone.", r.Part)
		require.Len(t, r.Loaded, len(nn.Entries(net.Backbone))+2)
		require.Empty(t, r.Left)
		require.Equal(t, []string{"projection.0.weight", "projection.0.bias", "projection.2.weight", "projection.2.bias"}, r.Missing)
		require.Contains(t, r.String(), "state_dict.module.fc.bias as classifier.bias")
		require.Equal(t, 20, r.Counters)
		require.Contains(t, r.String(), "20 counts of batches")

		x := tensor.New(c.Shape...)
		for i := range x.Data() {
			x.Data()[i] = float32(math.Sin(0.37 * float64(i)))
		}
		for train, want := range map[bool][]float64{false: c.Eval, true: c.Train} {
			tape := autograd.NewTape(autograd.Mode{Train: train, NoGrad: true})
			vectortest.Close(t, "logits", net.Forward(tape.Const(x)).Data(), want, 0)
		}
	}
}

// A head of other classes is left, and said; the backbone is loaded.
func TestAHeadOfOtherClassesIsLeft(t *testing.T) {
	net := network(t, 9, hybrid.WithoutProjection())
	before := values(net)
	r, err := pretrained.Load(small, net, pretrained.Settings{})
	require.NoError(t, err)
	require.Equal(t, []pretrained.Left{{Name: "state_dict.module.fc.weight", Why: "[5 16], the network's is [9 16]"},
		{Name: "state_dict.module.fc.bias", Why: "[5], the network's is [9]"}}, r.Left)
	require.Equal(t, []string{"classifier.weight", "classifier.bias"}, r.Missing)
	after := values(net)
	require.Equal(t, before["classifier.weight"], after["classifier.weight"])
	require.NotEqual(t, before["backbone.conv1.weight"], after["backbone.conv1.weight"])

	fits := network(t, 5)
	before = values(fits)
	r, err = pretrained.Load(small, fits, pretrained.Settings{WithoutHead: true})
	require.NoError(t, err)
	require.Equal(t, before["classifier.weight"], values(fits)["classifier.weight"])
	require.Equal(t, "the head is not wanted", r.Left[0].Why)

	body := resNet(t, backbone.ResNetSettings{})
	r, err = pretrained.Load(small, body, pretrained.Settings{})
	require.NoError(t, err)
	require.Empty(t, r.Missing)
	require.Empty(t, r.Part)
	require.Equal(t, "unknown to the network", r.Left[0].Why)
	require.Equal(t, after["backbone.layer4.1.bn2.running_var"], values(body)["layer4.1.bn2.running_var"])
}

// renamed writes the weights of a network under other names, in a safetensors file.
func renamed(t testing.TB, m nn.Visitable, to func(path string) string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	require.NoError(t, safetensors.Save(path, nn.Rename(m, to), nil))
	return path
}

// several joins modules under prefixes.
type several map[string]nn.Visitable

func (s several) Visit(v nn.Visitor) {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		v.Sub(name, s[name])
	}
}

func TestPrefixes(t *testing.T) {
	theirs := resNet(t, backbone.ResNetSettings{Seed: 8, Depth: 18, Width: 2})
	other := resNet(t, backbone.ResNetSettings{Seed: 9, Depth: 18, Width: 2})
	head := nn.NewLinear(nn.LinearSettings{In: 16, Out: 128, Seed: 1})
	plain := func(path string) string { return path }
	for name, c := range map[string]struct {
		file     nn.Visitable
		settings pretrained.Settings
		prefix   string
		left     int
	}{
		"none":                   {theirs, pretrained.Settings{}, "", 0},
		"module":                 {several{"module": theirs}, pretrained.Settings{}, "module.", 0},
		"backbone":               {several{"backbone": theirs}, pretrained.Settings{}, "", 0},
		"a model in a state":     {several{"state_dict.model.backbone": theirs}, pretrained.Settings{}, "state_dict.model.", 0},
		"of MoCo":                {several{"module.encoder_q": theirs, "module.encoder_k": other, "module.encoder_q.fc": head}, pretrained.Settings{}, "module.encoder_q.", 64},
		"chosen":                 {several{"ema": other, "model": theirs}, pretrained.Settings{Prefix: "model"}, "model.", 60 + 42},
		"beside something small": {several{"a": theirs, "b.conv1": nn.NewConv2d(nn.Conv2dSettings{In: 3, Out: 2, Kernel: 7, Stride: 2, Padding: 3, Seed: 1})}, pretrained.Settings{}, "a.", 1},
		"renamed": {nn.Rename(theirs, func(p string) string { return strings.Replace(p, "layer", "stage", 1) }),
			pretrained.Settings{Rename: []safetensors.Rename{nil, func(n string) string { return strings.Replace(n, "stage", "layer", 1) }}}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := renamed(t, c.file, plain)
			net := network(t, 128)
			before := values(net)
			r, err := pretrained.Load(path, net, c.settings)
			require.NoError(t, err)
			require.Equal(t, c.prefix, r.Prefix, r.String())
			after := values(net)
			for p, v := range values(theirs) {
				require.Equal(t, v, after["backbone."+p], p)
			}
			require.Equal(t, before["classifier.weight"], after["classifier.weight"], "the fc of MoCo is a projection")
			if c.left != 60+42 {
				require.Len(t, r.Left, min(c.left, 64)/64*(2+len(values(other)))+c.left%64)
			}
			require.Contains(t, r.String(), "loaded 100 tensors")
		})
	}
	both := renamed(t, several{"encoder_q.backbone": theirs, "encoder_k.backbone": other}, plain)
	for range 20 { // whatever the order of a map
		_, err := pretrained.Load(both, network(t, 4), pretrained.Settings{})
		require.NoError(t, err)
	}
	_, err := pretrained.Load(renamed(t, several{"ema": other, "model": theirs}, plain), network(t, 4), pretrained.Settings{})
	require.ErrorContains(t, err, `several times, behind "ema.", "model.": choose by Settings.Prefix`)
}

// What is of another backbone is refused in whole, unless that is wanted.
func TestAnotherBackboneIsRefused(t *testing.T) {
	deep := resNet(t, backbone.ResNetSettings{Depth: 34, Width: 2})
	before := values(deep)
	_, err := pretrained.Load(small, deep, pretrained.Settings{})
	require.ErrorContains(t, err, small)
	require.ErrorContains(t, err, "missing from the file (layer1.2.conv1.weight")
	require.Equal(t, before, values(deep))
	r, err := pretrained.Load(small, deep, pretrained.Settings{Partial: true})
	require.NoError(t, err)
	require.Equal(t, "layer1.2.conv1.weight", r.Missing[0])

	path := renamed(t, deep, func(p string) string { return p })
	_, err = pretrained.Load(path, resNet(t, backbone.ResNetSettings{}), pretrained.Settings{})
	require.ErrorContains(t, err, "unknown to the network (layer1.2.conv1.weight")
	_, err = pretrained.Load(path, resNet(t, backbone.ResNetSettings{}), pretrained.Settings{Partial: true})
	require.NoError(t, err)

	wide := resNet(t, backbone.ResNetSettings{Depth: 18, Width: 4})
	_, err = pretrained.Load(path, wide, pretrained.Settings{Partial: true})
	require.ErrorContains(t, err, "too few tensors have the name and shape of one of the network: the file begins with conv1.weight [2 3 7 7], the network with conv1.weight [4 3 7 7]")
	_, err = pretrained.Load(small, resNet(t, backbone.ResNetSettings{}), pretrained.Settings{Prefix: "model."})
	require.ErrorContains(t, err, `too few tensors behind "model."`)

	gray := resNet(t, backbone.ResNetSettings{Depth: 18, Width: 2, Channels: 1})
	_, err = pretrained.Load(small, gray, pretrained.Settings{})
	require.ErrorContains(t, err, "of another shape (state_dict.module.conv1.weight is [2 3 7 7] in the file, [2 1 7 7] in the network)")

	_, err = pretrained.Load(path, resNet(t, backbone.ResNetSettings{}), pretrained.Settings{Partial: true,
		Rename: []safetensors.Rename{safetensors.ReplacePrefix("layer1.1.", "layer1.0.")}})
	require.ErrorContains(t, err, "would both be")
	_, err = pretrained.Load("testdata/none.pth", gray, pretrained.Settings{})
	require.ErrorContains(t, err, "none.pth")
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	_, err = pretrained.Load(empty, gray, pretrained.Settings{})
	require.ErrorContains(t, err, "truncated")
	_, err = pretrained.Load(small, nn.Sequential{}, pretrained.Settings{})
	require.ErrorContains(t, err, "no parameters")
}

// Files of networks as they are here: whatever is not of the backbone may differ in shape, and a head may lie in it.
func TestFilesOfNetworksWithABackbone(t *testing.T) {
	theirs := network(t, 5, hybrid.WithProjection(7, 6))
	net := network(t, 9)
	r, err := pretrained.Load(renamed(t, theirs, func(p string) string { return p }), net, pretrained.Settings{})
	require.NoError(t, err)
	require.Len(t, r.Loaded, 100)
	require.Len(t, r.Left, 6)
	require.Equal(t, pretrained.Left{Name: "projection.0.weight", Why: "[7 16], the network's is [16 16]"}, r.Left[0])
	require.Equal(t, values(theirs)["backbone.conv1.weight"], values(net)["backbone.conv1.weight"])

	inside := several{"backbone": theirs.Backbone, "backbone.fc": nn.NewLinear(nn.LinearSettings{In: 16, Out: 9, Seed: 1})}
	r, err = pretrained.Load(renamed(t, inside, func(p string) string { return p }), net, pretrained.Settings{})
	require.NoError(t, err)
	require.Contains(t, r.String(), "backbone.fc.weight as classifier.weight")
	_, err = pretrained.Load(renamed(t, several{"backbone": theirs.Backbone, "backbone.layer1.0.se": nn.NewLinear(nn.LinearSettings{In: 2, Out: 2, Seed: 1})},
		func(p string) string { return p }), net, pretrained.Settings{})
	require.ErrorContains(t, err, "2 unknown to the network (backbone.layer1.0.se.weight")
	_, err = pretrained.Load(t.TempDir(), net, pretrained.Settings{})
	require.ErrorContains(t, err, "is not a regular file")
}

// Counters of batch norm are passed over, of whatever type they are; values of half precision become float32.
func TestNetworksOfHalfPrecision(t *testing.T) {
	whole, err := pretrained.Open(small)
	require.NoError(t, err)
	defer whole.Close()
	var tensors []safetensors.Tensor
	for _, x := range whole.Tensors {
		tensors = append(tensors, safetensors.NewTensor(x.Name, "F16", x.Shape, func() ([]byte, error) {
			return bytes.Repeat([]byte{0, 0x3c}, x.Shape.Len()), nil // ones
		}))
	}
	f, err := safetensors.NewFile("halves", "", tensors, nil)
	require.NoError(t, err)
	net := network(t, 5)
	r, err := pretrained.From(f, net, pretrained.Settings{})
	require.NoError(t, err)
	require.Len(t, r.Loaded, 102)
	require.Equal(t, []float32{1, 1}, values(net)["backbone.bn1.running_mean"])
}

// What Save writes has torchvision's names, and goes back into a network.
func TestSaveWritesTorchvisionsNames(t *testing.T) {
	net := network(t, 5)
	_, err := pretrained.Load(small, net, pretrained.Settings{})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	require.NoError(t, pretrained.Save(path, net))

	theirs, err := pretrained.Open(small)
	require.NoError(t, err)
	defer theirs.Close()
	ours, err := pretrained.Open(path)
	require.NoError(t, err)
	defer ours.Close()
	count := 0
	for _, x := range theirs.Tensors {
		name := strings.TrimPrefix(x.Name, "state_dict.module.")
		if strings.HasSuffix(name, "num_batches_tracked") {
			continue
		}
		count++
		y, err := ours.Tensor(name)
		require.NoError(t, err)
		a, err := x.Bytes()
		require.NoError(t, err)
		b, err := y.Bytes()
		require.NoError(t, err)
		require.Equal(t, a, b, name)
	}
	require.Len(t, ours.Tensors, count)

	again := network(t, 5)
	r, err := pretrained.Load(path, again, pretrained.Settings{})
	require.NoError(t, err)
	require.Len(t, r.Missing, 4, "the projection")
	require.Equal(t, values(net)["classifier.bias"], values(again)["classifier.bias"])
	require.NoError(t, pretrained.Save(path, net.Backbone))
	_, err = safetensors.Load(path, resNet(t, backbone.ResNetSettings{}))
	require.NoError(t, err, "a backbone has these names by itself")
}
