package onnx_test

import (
	"bytes"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/onnx"
	"github.com/longtail-ml/longtail/tensor"
)

// A network becomes a file that takes pixels, as PyTorch lays them out, and gives probabilities. A trained one comes from
// hybrid.Open, with what is known about it.
func ExampleSave() {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8})
	if err != nil {
		log.Fatal(err)
	}
	net, err := hybrid.NewNetwork(body, 2)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	path := filepath.Join(dir, "model.onnx")
	err = onnx.Save(path, net, hybrid.About{Classes: []string{"cat", "dog"}}, onnx.Settings{NCHW: true, Normalize: true, Softmax: true})
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Contains(file, []byte("probabilities")), bytes.Contains(file, []byte(`["cat","dog"]`)))
	// Output: true true
}

// A file becomes the backbone of a network with other classes. Its weights are those of the file, frozen or trained like any.
func ExampleOpen() {
	path, remove := exampleFile()
	defer remove()
	body, err := onnx.Open(path, onnx.OpenSettings{Output: "features"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := nn.FreezePaths(body, "backbone.conv1", "backbone.bn1", "backbone.layer1"); err != nil {
		log.Fatal(err)
	}
	in := body.Input()
	net, err := hybrid.NewNetwork(body, 10, hybrid.WithInput(in[0], in[1], in[2]))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(net.Input(), body.OutDim(), net.Classes())
	// Output: 32×32×3 64 10
}

// exampleFile is a CIFAR ResNet-8 as an ONNX file.
func exampleFile() (path string, remove func()) {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8})
	if err != nil {
		log.Fatal(err)
	}
	net, err := hybrid.NewNetwork(body, 2)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(dir, "model.onnx")
	if err := onnx.Save(path, net, hybrid.About{}, onnx.Settings{Features: true}); err != nil {
		log.Fatal(err)
	}
	return path, func() { os.RemoveAll(dir) }
}

// Swish is an activation of your own, x/(1 + e^(−βx)), described for a trace.
func Swish(x *autograd.Var, beta float64) *autograd.Var {
	y := x.Tape().Scratch(x.Shape()...)
	for i, v := range x.Data() {
		y.Data()[i] = float32(float64(v) / (1 + math.Exp(-beta*float64(v))))
	}
	back := func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, v := range x.Data() {
			s := 1 / (1 + math.Exp(-beta*float64(v)))
			gx[0].Data()[i] += gy.Data()[i] * float32(s+beta*float64(v)*s*(1-s))
		}
	}
	return autograd.Op("mine.Swish", y, []*autograd.Var{x}, back).Describe(func() autograd.Attributes {
		return autograd.Attributes{"beta": beta}
	})
}

// An operation of your own needs its ONNX form: nodes, and the name of the last one.
func ExampleOperation() {
	net, err := hybrid.NewNetwork(backbone.Func{Dim: 8, Module: nn.Sequential{
		nn.NewLinear(nn.LinearSettings{In: 4, Out: 8}),
		nn.Func(func(x *autograd.Var) *autograd.Var { return Swish(x, 1.5) }),
	}}, 2, hybrid.WithFeatures(4))
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	fmt.Println(onnx.Export(&file, net, hybrid.About{}, onnx.Settings{}))

	swish := func(c *onnx.Call) (string, error) {
		beta := c.Constant(tensor.Scalar(float32(c.Attributes()["beta"].(float64))))
		x := c.Input(0)
		gate := c.Node("Sigmoid", nil, c.Node("Mul", nil, x, beta))
		return c.Node("Mul", nil, x, gate), nil
	}
	err = onnx.Export(&file, net, hybrid.About{}, onnx.Settings{Operations: map[string]onnx.Operation{"mine.Swish": swish}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.Len() > 0)
	// Output:
	// onnx: the operation mine.Swish has no ONNX form: give it one in Settings.Operations["mine.Swish"], see onnx.Operation
	// true
}
