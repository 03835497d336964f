package onnx_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/onnx"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// with is a network whose backbone is a function of images, averaged.
func with(t testing.TB, f func(x *autograd.Var) *autograd.Var) *hybrid.Network {
	return network(t, backbone.Func{Dim: 3, Module: nn.Sequential{nn.Func(f), nn.Func(nn.GlobalAvgPool2d)}}, nil)
}

// softplus is log(1 + e^x), an operation of a user's.
func softplus(x *autograd.Var) *autograd.Var {
	y := tensor.New(x.Shape()...)
	for i, v := range x.Data() {
		y.Data()[i] = float32(math.Log1p(math.Exp(float64(v))))
	}
	return autograd.Op("mine.Softplus", y, []*autograd.Var{x}, nil).Describe(func() autograd.Attributes { return autograd.Attributes{"note": "kept"} })
}

// What cannot be written is an error that says why, and what to do.
func TestExportErrors(t *testing.T) {
	fails := func(n *hybrid.Network, s onnx.Settings, about hybrid.About, parts ...string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "model.onnx")
		err := onnx.Save(path, n, about, s)
		require.ErrorContains(t, err, path)
		for _, p := range parts {
			require.ErrorContains(t, err, p)
		}
		require.NoFileExists(t, path)
	}
	none := hybrid.About{}
	fails(with(t, softplus), onnx.Settings{}, none, "mine.Softplus", `Settings.Operations["mine.Softplus"]`)
	given := func(f onnx.Operation) onnx.Settings {
		return onnx.Settings{Operations: map[string]onnx.Operation{"mine.Softplus": f}}
	}
	fails(with(t, softplus), given(func(*onnx.Call) (string, error) { return "", fmt.Errorf("no way") }), none, "mine.Softplus", "no way")
	fails(with(t, softplus), given(func(*onnx.Call) (string, error) { return "nowhere", nil }), none, "mine.Softplus", "nowhere")
	fails(with(t, softplus), given(func(c *onnx.Call) (string, error) {
		return c.Node("Softplus", autograd.Attributes{"bad": struct{}{}}, c.Input(0)), nil
	}), none, "bad", "Softplus")

	unseen := func(x *autograd.Var) *autograd.Var { // computed beside the tape
		return autograd.Add(x, x.Tape().Const(x.Value().Clone()))
	}
	fails(with(t, unseen), onnx.Settings{}, none, "autograd.Add", "constant", "autograd.Op")
	fails(with(t, func(x *autograd.Var) *autograd.Var { return x.Tape().Const(tensor.New(x.Shape()...)) }), onnx.Settings{}, none, "constant")
	fails(with(t, func(x *autograd.Var) *autograd.Var {
		if x.Dim(0) == 3 {
			return nn.ReLU(x)
		}
		return x
	}), onnx.Settings{}, none, "2 images", "on 3")
	fails(with(t, func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, float64(x.Dim(0))) }), onnx.Settings{}, none, "autograd.Scale")

	n := cifar(t, backbone.CIFARResNetSettings{Depth: 8, Width: 2}, hybrid.WithoutProjection())
	fails(n, onnx.Settings{Embeddings: true}, none, "projection", "Features")
	fails(n, onnx.Settings{Batch: -1}, none, "Batch", "-1")
	fails(n, onnx.Settings{}, hybrid.About{Classes: []string{"cat"}}, "1 class names", "5 classes")
	flat, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{4}})
	fails(network(t, flat, err, hybrid.WithFeatures(4)), onnx.Settings{NCHW: true}, none, "NCHW", "features of width 4")
	nn.Tensors(n)[0].Data()[1] = float32(math.NaN())
	fails(n, onnx.Settings{}, none, "backbone.conv1.weight", "NaN")
}

// The same network gives the same file.
func TestExportIsDeterministic(t *testing.T) {
	n := modules(t)
	files := make([]bytes.Buffer, 2)
	for i := range files {
		require.NoError(t, onnx.Export(&files[i], n, hybrid.About{}, onnx.Settings{Embeddings: true, Features: true}))
	}
	require.Equal(t, files[0].Bytes(), files[1].Bytes())
	path := filepath.Join(t.TempDir(), "model.onnx")
	require.NoError(t, onnx.Save(path, n, hybrid.About{}, onnx.Settings{Embeddings: true, Features: true}))
	saved, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, saved, files[0].Bytes())
}
