package hybrid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail"
	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// outputs are logits and embeddings of images of noise, and tensors by their paths.
func outputs(t testing.TB, n *hybrid.Network) []any {
	t.Helper()
	in, rng := n.Input(), rand.New(rand.NewPCG(1, 2))
	x := tensor.New(5, in.Height, in.Width, in.Channels)
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	features := n.Features(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x))
	all := []any{state(n, nil), n.Logits(features).Value().Clone().Data()}
	if n.Projection != nil {
		all = append(all, n.Embed(features).Value().Clone().Data())
	}
	return all
}

// stir gives every tensor other values, running statistics too.
func stir(m nn.Visitable) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, x := range nn.Tensors(m) {
		for i := range x.Data() {
			x.Data()[i] += rng.Float32() / 4
		}
	}
}

func photographs(t testing.TB, s backbone.ResNetSettings) backbone.Backbone {
	t.Helper()
	b, err := backbone.NewResNet(s)
	require.NoError(t, err)
	return b
}

func TestASavedNetworkIsBuiltFromItsFileAlone(t *testing.T) {
	body := func(s backbone.CIFARResNetSettings) backbone.Backbone {
		s.Depth, s.Seed = 8, 5
		b, err := backbone.NewCIFARResNet(s)
		require.NoError(t, err)
		return b
	}
	rng := rand.New(rand.NewPCG(1, 1))
	gray := augment.Normalize{Mean: []float64{1. / 3}, Std: []float64{0.1}}
	for name, n := range map[string]*hybrid.Network{
		"mlp":         mlp(t),
		"deep mlp":    newNetwork(t, newMLP(t, 192, 10, 7, 5), hybrid.WithoutProjection()),
		"resnet":      resNet(t, 1, hybrid.WithSeparatePasses()),
		"branches":    newNetwork(t, body(backbone.CIFARResNetSettings{Width: 2, Branches: 3}), hybrid.WithCosineClassifier()),
		"photographs": newNetwork(t, photographs(t, backbone.ResNetSettings{Depth: 18, Width: 3, Branches: 2}), hybrid.WithInput(17, 20, 3)),
		"bottlenecks": newNetwork(t, photographs(t, backbone.ResNetSettings{Width: 4, Groups: 2, GroupWidth: 3})),
		"projections": newNetwork(t, body(backbone.CIFARResNetSettings{Width: 2, Projection: true})),
		"layer norm": mlp(t, hybrid.WithClassifier(nn.Sequential{nn.NewLayerNorm(12), nn.NewLinear(nn.LinearSettings{In: 12, Out: 6, Rand: rng}), nn.Func(nn.GELU), nn.Dropout{Keep: 0.75},
			&nn.LayerNorm{Bias: nn.NewLayerNorm(6).Bias, Epsilon: 1e-3}, nn.Func(nn.GELUTanh), &nn.LayerNorm{}, nn.Func(nn.SiLU), nn.NewLinear(nn.LinearSettings{In: 6, Out: 4, Rand: rng})})),
		"one channel":     newNetwork(t, body(backbone.CIFARResNetSettings{Width: 3, Channels: 1}), hybrid.WithInput(7, 9, 1), hybrid.WithNormalize(gray)),
		"without a bias":  mlp(t, hybrid.WithClassifier(&nn.Linear{Weight: nn.NewLinear(nn.LinearSettings{In: 12, Out: 4, Rand: rng}).Weight})),
		"scaled cosines":  mlp(t, hybrid.WithClassifier(&nn.Cosine{Weight: nn.NewCosine(nn.CosineSettings{In: 12, Classes: 4, Rand: rng}).Weight, Scale: 1. / 3})),
		"heads of layers": mlp(t, hybrid.WithClassifier(nn.Sequential{nn.Sequential{nn.NewLinear(nn.LinearSettings{In: 12, Out: 6, Rand: rng}), nn.Func(nn.Tanh)}, nn.Func(nn.Sigmoid), nn.NewLinear(nn.LinearSettings{In: 6, Out: 4, Rand: rng})})),
		"batch norm": mlp(t, hybrid.WithProjectionModule(nn.Sequential{nn.NewLinear(nn.LinearSettings{In: 12, Out: 6, Rand: rng}), func() nn.Module {
			b := nn.NewBatchNorm2d(6)
			b.Epsilon, b.Momentum, b.NoRunningUpdates = 1e-3, 0.3, true
			return b
		}(), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 6, Out: 3, Rand: rng}), nn.Func(nn.L2Normalize)})),
	} {
		t.Run(name, func(t *testing.T) {
			stir(n)
			path := filepath.Join(t.TempDir(), "model.safetensors")
			about := hybrid.About{Classes: []string{"a", "b", "<é>", "d"}, Counts: []int{7, 3, 0, 1}, Method: "hybrid-sc", Fit: dataset.Squash,
				Manifest: strings.Repeat("0f", 32)}
			require.NoError(t, hybrid.Save(path, n, about))
			opened, got, err := hybrid.Open(path)
			require.NoError(t, err)
			about.Library = longtail.Version
			require.Equal(t, about, got)
			require.Equal(t, outputs(t, n), outputs(t, opened))
			require.Equal(t, n.Normalize(), opened.Normalize())
			require.Equal(t, n.Input(), opened.Input())
			require.Equal(t, n.SeparatePasses(), opened.SeparatePasses())
			require.Equal(t, n.EmbeddingDim(), opened.EmbeddingDim())
			if n.Projection != nil && name == "batch norm" {
				got := opened.Projection.(nn.Sequential)[1].(*nn.BatchNorm2d)
				require.Equal(t, []any{1e-3, 0.3, true}, []any{got.Epsilon, got.Momentum, got.NoRunningUpdates})
			}

			first, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, hybrid.Save(path, opened, got))
			second, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, first, second, "what was opened is saved to the same bytes")

			require.NoError(t, hybrid.Save(path, n, hybrid.About{}))
			_, got, err = hybrid.Open(path)
			require.NoError(t, err)
			require.Equal(t, hybrid.About{Library: longtail.Version}, got)
		})
	}
}

func TestAMovingAverageIsSavedAsANetwork(t *testing.T) {
	n := resNet(t, 1)
	w := autograd.Snapshot(nn.Tensors(n)...)
	path := filepath.Join(t.TempDir(), "average.safetensors")
	want := outputs(t, n)
	stir(n)
	require.NoError(t, hybrid.SaveWith(path, n, w, hybrid.About{}))
	opened, _, err := hybrid.Open(path)
	require.NoError(t, err)
	require.Equal(t, want, outputs(t, opened))
}

// twice is a backbone and a head of the user's.
type twice struct {
	Inner nn.Module
	width int
}

func (b twice) Forward(x *autograd.Var) *autograd.Var { return autograd.Scale(b.Inner.Forward(x), 2) }
func (b twice) Visit(v nn.Visitor)                    { v.Sub("inner", b.Inner) }
func (b twice) OutDim() int                           { return b.width }

// described is a twice that says what it is.
type described struct{ twice }

func (b described) Describe() (string, any) { return "twice", map[string]int{"width": b.width} }

// renamed is a twice of a later version.
type renamed struct{ twice }

func (b renamed) Visit(v nn.Visitor) { v.Sub("core", b.Inner) }

func TestOwnModulesHaveBuilders(t *testing.T) {
	n := newNetwork(t, described{twice{newMLP(t, 192, 6), 6}}, hybrid.WithoutProjection(),
		hybrid.WithClassifier(nn.Sequential{described{twice{nn.NewLinear(nn.LinearSettings{In: 6, Out: 4, Seed: 1}), 4}}}))
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, hybrid.Save(path, n, hybrid.About{}))
	own := hybrid.Builders{"twice": func(settings json.RawMessage) (nn.Module, error) {
		var s struct{ Width int }
		if err := json.Unmarshal(settings, &s); err != nil {
			return nil, err
		}
		if s.Width == 4 {
			return twice{nn.NewLinear(nn.LinearSettings{In: 6, Out: 4, Seed: 2}), 4}, nil
		}
		b, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{192, s.Width}, Seed: 9})
		return twice{b, s.Width}, err
	}}
	opened, _, err := hybrid.OpenWith(path, hybrid.OpenSettings{Builders: own})
	require.NoError(t, err)
	require.Equal(t, outputs(t, n), outputs(t, opened))

	// A later version of the module calls its parameters otherwise.
	later := hybrid.Builders{"twice": func(settings json.RawMessage) (nn.Module, error) {
		m, err := own["twice"](settings)
		if err != nil {
			return nil, err
		}
		return renamed{m.(twice)}, nil
	}}
	_, _, err = hybrid.OpenWith(path, hybrid.OpenSettings{Builders: later})
	require.ErrorContains(t, err, "the file names nothing of the model")
	opened, _, err = hybrid.OpenWith(path, hybrid.OpenSettings{Builders: later, Rename: func(name string) string {
		return strings.Replace(name, ".inner.", ".core.", 1)
	}})
	require.NoError(t, err)
	require.Equal(t, outputs(t, n)[1], outputs(t, opened)[1])

	_, _, err = hybrid.Open(path)
	require.ErrorContains(t, err, path+`: metadata longtail: backbone.name: "twice" is not a part this library knows: use hybrid.OpenWith`)
	for want, make := range map[string]func(json.RawMessage) (nn.Module, error){
		`backbone.settings of a "twice": no width`:                                func(json.RawMessage) (nn.Module, error) { return nil, errors.New("no width") },
		`backbone.settings of a "twice": its builder returns nil`:                 func(json.RawMessage) (nn.Module, error) { return nil, nil },
		`backbone.name: a "twice" is a nn.Func, which is no backbone.Backbone`:    func(json.RawMessage) (nn.Module, error) { return nn.Func(nn.ReLU), nil },
		`backbone.inner.0.weight is [6 192] in the file, [5 192] in the model`:    func(json.RawMessage) (nn.Module, error) { return twice{newMLP(t, 192, 5), 5}, nil },
		`2 tensors are missing that the metadata tell of, the first is backbone.`: func(json.RawMessage) (nn.Module, error) { return newMLP(t, 192, 6), nil },
	} {
		builders := hybrid.Builders{"twice": func(s json.RawMessage) (nn.Module, error) {
			if strings.Contains(string(s), "4") {
				return own["twice"](s)
			}
			return make(s)
		}}
		if strings.Contains(want, "[5 192]") { // found before the tensors are compared
			want = "input and weight [out, in] differ in width"
		}
		_, _, err := hybrid.OpenWith(path, hybrid.OpenSettings{Builders: builders})
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, want)
	}
}

func TestWhatCannotBeSaved(t *testing.T) {
	net := func(b backbone.Backbone, opts ...hybrid.Option) *hybrid.Network { return newNetwork(t, b, opts...) }
	changed := newMLP(t, 192, 12)
	changed.Layers[0].Bias = nil
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		want  string
		n     *hybrid.Network
		about hybrid.About
	}{
		{"backbone of type hybrid_test.twice does not say how to build it again: implement nn.Describer", net(twice{newMLP(t, 192, 6), 6}), hybrid.About{}},
		{`backbone of type hybrid_test.squared describes itself as "cifar-resnet", the name of another type`, net(squared{body}), hybrid.About{}},
		{"classifier.1 of type hybrid_test.twice", mlp(t, hybrid.WithClassifier(nn.Sequential{nn.Func(nn.ReLU), twice{nn.NewLinear(nn.LinearSettings{In: 12, Out: 4, Rand: rng}), 4}})), hybrid.About{}},
		{"projection.0 is an nn.Func that has no name: of functions only gelu, gelu-tanh, l2-normalize, relu, sigmoid, silu, tanh are known",
			mlp(t, hybrid.WithProjectionModule(nn.Sequential{nn.Func(func(x *autograd.Var) *autograd.Var { return nn.ReLU(x) })})), hybrid.About{}},
		{`projection of type hybrid_test.odd describes itself as ""`, mlp(t, hybrid.WithProjectionModule(odd{})), hybrid.About{}},
		{"classifier: the settings that Describe returns: json: unsupported type: func()", mlp(t, hybrid.WithClassifier(unwritable{nn.NewLinear(nn.LinearSettings{In: 12, Out: 4, Rand: rng})})), hybrid.About{}},
		{"is not what {", net(changed), hybrid.About{}},
		{"class names: there are 2 for a network of 4 classes", mlp(t), hybrid.About{Classes: []string{"a", "b"}}},
		{`class names: that of class 1, "\xff", is not valid UTF-8`, mlp(t), hybrid.About{Classes: []string{"a", "\xff", "c", "d"}}},
		{"counts: there are 1 for a network of 4 classes", mlp(t), hybrid.About{Counts: []int{3}}},
		{"counts: class 2 has -1 images", mlp(t), hybrid.About{Counts: []int{3, 2, -1, 0}}},
		{"fit 7 is none of CenterCrop, Squash, ShorterSide and Whole", mlp(t), hybrid.About{Fit: 7}},
		{`manifest: "12" is not a SHA-256 in hex`, mlp(t), hybrid.About{Manifest: "12"}},
		{`method: "\xff" is not valid UTF-8`, mlp(t), hybrid.About{Method: "\xff"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "model.safetensors")
		err := hybrid.Save(path, c.n, c.about)
		require.ErrorContains(t, err, fmt.Sprintf("hybrid: saving %s: ", path))
		require.ErrorContains(t, err, c.want)
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
	require.ErrorContains(t, hybrid.Save(filepath.Join(t.TempDir(), "no", "model"), mlp(t), hybrid.About{}), "no such file or directory")
}

// squared inherits Describe from its backbone, and is another.
type squared struct{ *backbone.CIFARResNet }

func (s squared) Forward(x *autograd.Var) *autograd.Var {
	y := s.CIFARResNet.Forward(x)
	return autograd.Mul(y, y)
}

// odd has no name.
type odd struct{ nn.Func }

func (odd) Forward(x *autograd.Var) *autograd.Var { return x }
func (odd) Describe() (string, any)               { return "", nil }

// unwritable has settings that JSON cannot hold.
type unwritable struct{ *nn.Linear }

func (unwritable) Describe() (string, any) { return "unwritable", func() {} }
