package onnx

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// part is a piece of a file in the making.
type part func(w *writer)

// op is a node with one output.
func op(name, in, out string, a autograd.Attributes) part {
	return func(w *writer) {
		n := &node{op: name, name: out, in: strings.Fields(in), out: []string{out}}
		for i := range n.in {
			n.in[i] = strings.Trim(n.in[i], "-") // "-" is one that is left out
		}
		for _, k := range slices.Sorted(maps.Keys(a)) {
			n.attributes = append(n.attributes, w.attribute(name, k, a[k]))
		}
		w.graph.nodes = append(w.graph.nodes, n)
	}
}

// weights are random, of at least 0.1 if positive.
func weights(name string, positive bool, dims ...int) part {
	return func(w *writer) {
		x := tensor.New(dims...)
		rng := rand.New(rand.NewPCG(uint64(len(name)), uint64(x.Len())))
		for i := range x.Data() {
			x.Data()[i] = float32(rng.NormFloat64()) / 2
			if positive {
				x.Data()[i] = float32(0.1 + rng.Float64())
			}
		}
		w.constant(name, x)
	}
}

func number(name string, v float64) part {
	return func(w *writer) { w.constant(name, tensor.Scalar(float32(v))) }
}

func whole(name string, v ...int) part {
	return func(w *writer) {
		w.ints(v...)
		w.graph.inits[len(w.graph.inits)-1].name = name
	}
}

// wholeScalar is one number without dimensions.
func wholeScalar(name string, v int) part {
	return func(w *writer) {
		whole(name, v)(w)
		w.graph.inits[len(w.graph.inits)-1].dims = nil
	}
}

// fileOf is an ONNX file that takes x and gives out.
func fileOf(t testing.TB, opset int64, dims []int64, parts ...part) []byte {
	t.Helper()
	w := newWriter()
	in := valueInfo{"x", float32s, []dim{{name: "batch"}}}
	for _, d := range dims {
		in.dims = append(in.dims, dim{size: d})
	}
	for _, p := range parts {
		p(w)
	}
	require.NoError(t, w.err)
	w.graph.inputs, w.graph.outputs = []valueInfo{in}, []valueInfo{{"out", float32s, []dim{{name: "batch"}, {name: "width"}}}}
	m := model{ir: irVersion, opsets: map[string]int64{"": opset}, graph: w.graph}
	message := m.message()
	var file bytes.Buffer
	require.NoError(t, message.writeTo(&file))
	return file.Bytes()
}

// operator is a file with an operator in one of its forms.
type operator struct {
	name  string
	dims  []int64 // of a sample; nil: images [3, 4, 6]
	opset int64   // 0: 17
	kinks bool    // it has no slope everywhere
	parts []part
}

func (o operator) file(t testing.TB) []byte {
	opset := o.opset
	if opset == 0 {
		opset = 17
	}
	dims := o.dims
	if dims == nil {
		dims = []int64{3, 4, 6}
	}
	return fileOf(t, opset, dims, append(slices.Clone(o.parts), op("Flatten", "y", "out", nil))...)
}

func (o operator) input() *tensor.Tensor {
	dims := []int{2, 3, 4, 6}
	if o.dims != nil {
		dims = []int{2}
		for _, d := range o.dims {
			dims = append(dims, int(d))
		}
	}
	return gradtest.Normal(5, 1, dims...)
}

// entry is an operator on single numbers, behind those that make its input fit.
func entry(name string, kinks bool, a autograd.Attributes, before ...string) operator {
	o, x := operator{name: name, kinks: kinks}, "x"
	for i, b := range before {
		y := fmt.Sprint("before", i)
		o.parts = append(o.parts, op(b, x, y, nil))
		x = y
	}
	o.parts = append(o.parts, op(name, x, "y", a))
	return o
}

func operators() []operator {
	type a = autograd.Attributes
	two := func(v int) []int { return []int{v, v} }
	four := func(v int) []int { return []int{v, v, v, v} }
	bn := []part{weights("bn.weight", true, 3), weights("bn.bias", false, 3), weights("bn.mean", false, 3), weights("bn.var", true, 3)}
	w33 := weights("w.weight", false, 5, 3, 3, 3)
	with := func(before []part, more ...part) []part { return append(slices.Clone(before), more...) }
	return []operator{
		{name: "Conv", parts: []part{w33, weights("b", false, 5), op("Conv", "x w.weight b", "y", a{"pads": four(1), "strides": two(1), "kernel_shape": two(3), "dilations": two(1)})}},
		{name: "Conv strides, pads that differ", parts: []part{w33, op("Conv", "x w.weight", "y", a{"pads": []int{0, 1, 2, 1}, "strides": two(2)})}},
		{name: "Conv SAME_UPPER", parts: []part{weights("w", false, 4, 3, 2, 2), op("Conv", "x w", "y", a{"auto_pad": "SAME_UPPER"})}},
		{name: "Conv SAME_LOWER", parts: []part{weights("w", false, 4, 3, 2, 3), op("Conv", "x w", "y", a{"auto_pad": "SAME_LOWER", "strides": two(1)})}},
		{name: "Conv VALID", parts: []part{w33, op("Conv", "x w.weight", "y", a{"auto_pad": "VALID"})}},
		{name: "Conv depthwise", parts: []part{weights("w", false, 6, 1, 3, 3), op("Conv", "x w", "y", a{"group": 3, "pads": four(1)})}},
		{name: "Conv twice by one weight", parts: []part{weights("w", false, 3, 3, 1, 1), op("Conv", "x w", "p", nil), op("Conv", "p w", "y", nil)}},
		{name: "BatchNormalization", parts: with(bn, op("BatchNormalization", "x bn.weight bn.bias bn.mean bn.var", "y", a{"epsilon": 0.01}))},
		{name: "BatchNormalization of rows", dims: []int64{3}, parts: with(bn, op("BatchNormalization", "x bn.weight bn.bias bn.mean bn.var", "y", a{"momentum": 0.5}))},
		{name: "Conv, BatchNormalization, Relu", kinks: true, parts: with(bn, weights("w", false, 3, 3, 3, 3), op("Conv", "x w", "c", nil),
			op("BatchNormalization", "c bn.weight bn.bias bn.mean bn.var", "n", nil), op("Relu", "n", "y", nil))},
		{name: "Conv read twice", parts: with(bn, weights("w", false, 3, 3, 1, 1), op("Conv", "x w", "c", nil),
			op("BatchNormalization", "c bn.weight bn.bias bn.mean bn.var", "n", nil), op("Add", "n c", "y", nil))},
		{name: "BatchNormalization read twice", kinks: true, parts: with(bn, weights("w", false, 3, 3, 1, 1), op("Conv", "x w", "c", nil),
			op("BatchNormalization", "c bn.weight bn.bias bn.mean bn.var", "n", nil), op("Relu", "n", "r", nil), op("Add", "n r", "y", nil))},

		{name: "Gemm", dims: []int64{5}, parts: []part{weights("w", false, 4, 5), weights("b", false, 4), op("Gemm", "x w b", "y", a{"transB": 1})}},
		{name: "Gemm with numbers", dims: []int64{5}, parts: []part{weights("w", false, 5, 4), weights("b", false, 1), op("Gemm", "x w b", "y", a{"alpha": 0.5, "beta": 3.0})}},
		{name: "Gemm of two", dims: []int64{5}, parts: []part{op("Gemm", "x x", "y", a{"transB": 1, "alpha": 2.0})}},
		{name: "MatMul", parts: []part{weights("w", false, 6, 2), op("MatMul", "x w", "y", nil)}},
		{name: "MatMul from the left", parts: []part{weights("w", false, 2, 4), op("MatMul", "w x", "y", nil)}},
		{name: "MatMul of two", parts: []part{op("Transpose", "x", "t", a{"perm": []int{0, 1, 3, 2}}), op("MatMul", "x t", "y", nil)}},
		{name: "LayerNormalization", parts: []part{weights("w", false, 6), weights("b", false, 6), op("LayerNormalization", "x w b", "y", a{"epsilon": 0.1, "axis": 3})}},
		{name: "LayerNormalization without bias", parts: []part{weights("w", false, 6), op("LayerNormalization", "x w", "y", nil)}},

		entry("Relu", true, nil), entry("Sigmoid", false, nil), entry("Tanh", false, nil), entry("Exp", false, nil), entry("Log", false, nil, "Softplus"),
		entry("Sqrt", false, nil, "Exp"), entry("Reciprocal", false, nil, "Exp"), entry("Abs", true, nil), entry("Neg", false, nil), entry("Erf", false, nil),
		entry("Softplus", false, nil), entry("HardSwish", true, nil), entry("HardSigmoid", true, a{"alpha": 0.3, "beta": 0.4}),
		entry("LeakyRelu", true, a{"alpha": 0.2}), entry("Elu", true, a{"alpha": 1.5}), entry("Identity", false, nil, "Tanh"), entry("Dropout", false, nil, "Tanh"),
		entry("Cast", false, a{"to": 1}, "Tanh"),
		{name: "Gelu", opset: 20, parts: []part{op("Gelu", "x", "y", nil)}},
		{name: "Gelu tanh", opset: 20, parts: []part{op("Gelu", "x", "y", a{"approximate": "tanh"})}},
		{name: "Clip", kinks: true, parts: []part{number("low", -0.5), number("high", 0.7), op("Clip", "x low high", "y", nil)}},
		{name: "Clip above", kinks: true, parts: []part{number("high", 0.7), op("Clip", "x - high", "y", nil)}},
		{name: "Clip of opset 10", opset: 10, kinks: true, parts: []part{op("Clip", "x", "y", a{"min": 0.0, "max": 6.0})}},
		{name: "Pow", parts: []part{number("p", 2), op("Pow", "x p", "y", nil)}},
		{name: "Pow by a whole number", parts: []part{wholeScalar("p", 3), op("Pow", "x p", "y", nil)}},
		{name: "Max", kinks: true, parts: []part{number("m", 0.2), op("Max", "x m", "y", nil)}},
		{name: "Min", kinks: true, parts: []part{number("m", 0.2), op("Min", "m x", "y", nil)}},

		{name: "Add of channels", parts: []part{weights("b", false, 3, 1, 1), op("Add", "x b", "y", nil)}},
		{name: "Add of channels behind a layer", parts: []part{weights("w", false, 5, 3, 1, 1), weights("b", false, 5, 1, 1), op("Conv", "x w", "c", nil), op("Add", "b c", "y", nil)}},
		{name: "Mul of rows behind a layer", parts: []part{weights("w", false, 5, 3, 1, 1), weights("b", false, 6), op("Conv", "x w", "c", nil), op("Mul", "c b", "y", nil)}},
		{name: "Sub", parts: []part{weights("b", false, 1, 3, 1, 1), op("Sub", "b x", "y", nil)}},
		{name: "Sub of equal shapes", parts: []part{op("Exp", "x", "e", nil), op("Sub", "x e", "y", nil)}},
		{name: "Div", parts: []part{weights("b", true, 4, 1), op("Div", "x b", "y", nil)}},
		{name: "Div of one number", parts: []part{number("b", 3), op("Div", "x b", "y", nil)}},
		{name: "Mul of means", parts: []part{op("GlobalAveragePool", "x", "m", nil), op("Mul", "x m", "y", nil)}},

		{name: "MaxPool", kinks: true, parts: []part{op("MaxPool", "x", "y", a{"kernel_shape": two(3), "strides": two(2), "pads": four(1), "ceil_mode": 0})}},
		{name: "AveragePool", parts: []part{op("AveragePool", "x", "y", a{"kernel_shape": two(2), "strides": two(2)})}},
		{name: "AveragePool that overlaps", parts: []part{op("AveragePool", "x", "y", a{"kernel_shape": two(3), "strides": two(1), "pads": four(1), "count_include_pad": 1})}},
		{name: "GlobalAveragePool", parts: []part{op("GlobalAveragePool", "x", "y", nil)}},
		{name: "Softmax", parts: []part{op("Softmax", "x", "y", nil)}},
		{name: "Softmax of opset 11", opset: 11, dims: []int64{5}, parts: []part{op("Softmax", "x", "y", nil)}},
		{name: "LogSoftmax", dims: []int64{5}, parts: []part{op("LogSoftmax", "x", "y", a{"axis": 1})}},
		{name: "ReduceMean", parts: []part{op("ReduceMean", "x", "y", a{"axes": []int{2, 3}, "keepdims": 0})}},
		{name: "ReduceMean of opset 18", opset: 18, parts: []part{whole("axes", -1, 1), op("ReduceMean", "x axes", "y", nil)}},
		{name: "ReduceSum", parts: []part{whole("axes", 2), op("ReduceSum", "x axes", "y", a{"keepdims": 0})}},
		{name: "ReduceL2", parts: []part{op("ReduceL2", "x", "y", a{"axes": []int{1}})}},
		{name: "ReduceLogSumExp", parts: []part{op("ReduceLogSumExp", "x", "y", a{"axes": []int{3}})}},

		{name: "Reshape", parts: []part{whole("to", 0, -1, 2, 3), op("Reshape", "x to", "y", nil)}},
		{name: "Reshape by computed shapes", parts: []part{wholeScalar("zero", 0), whole("axis", 0), whole("rest", -1, 8), op("Shape", "x", "s", nil), op("Gather", "s zero", "n", nil),
			op("Unsqueeze", "n axis", "u", nil), op("Concat", "u rest", "to", a{"axis": 0}), op("Reshape", "x to", "y", nil)}},
		{name: "computing with shapes", parts: []part{whole("from", 1), whole("to", 3), whole("two", 2), whole("rest", -1), whole("first", 2), op("Shape", "x", "s", nil), op("Slice", "s from to", "part", nil),
			op("Mul", "part two", "m", nil), op("Sub", "m first", "d", nil), op("Add", "d d", "e", nil), op("Div", "e e", "ones", nil), op("Cast", "ones", "c", a{"to": 7}),
			op("Concat", "first c rest", "all", a{"axis": 0}), op("Squeeze", "all", "q", nil), op("Reshape", "x q", "y", nil)}},
		{name: "Flatten", parts: []part{op("Flatten", "x", "f", a{"axis": 2}), whole("to", 2, -1), op("Reshape", "f to", "y", nil)}},
		{name: "Transpose", parts: []part{op("Transpose", "x", "y", a{"perm": []int{0, 3, 1, 2}})}},
		{name: "Transpose to channels last and back", parts: []part{op("Tanh", "x", "t", nil), op("Transpose", "t", "l", a{"perm": []int{0, 2, 3, 1}}), op("Exp", "l", "e", nil),
			op("Transpose", "e", "y", a{"perm": []int{0, 3, 1, 2}})}},
		{name: "Squeeze and Unsqueeze", parts: []part{whole("all", 0, 5), whole("some", 5, 0), op("Unsqueeze", "x all", "u", nil), op("Squeeze", "u some", "y", nil)}},
		{name: "Unsqueeze of opset 11", opset: 11, parts: []part{op("Unsqueeze", "x", "u", a{"axes": []int{1}}), op("Squeeze", "u", "y", a{"axes": []int{1}})}},
		{name: "Concat of channels", parts: []part{op("Tanh", "x", "t", nil), op("Concat", "x t x", "y", a{"axis": 1})}},
		{name: "Concat of rows", dims: []int64{5}, parts: []part{op("Tanh", "x", "t", nil), op("Concat", "x t", "y", a{"axis": -1})}},
		{name: "Gather", parts: []part{whole("rows", 2, -1, 0), op("Gather", "x rows", "y", a{"axis": 1})}},
		{name: "Gather of one", parts: []part{wholeScalar("row", 1), op("Gather", "x row", "y", a{"axis": 3})}},
		{name: "Slice", parts: []part{whole("from", 1, 0), whole("to", math.MaxInt32, -1), whole("axes", 2, 3), whole("steps", 2, 2), op("Slice", "x from to axes steps", "y", nil)}},
		{name: "Slice of opset 9", opset: 9, parts: []part{op("Slice", "x", "y", a{"starts": []int{-2}, "ends": []int{9}, "axes": []int{1}})}},
		{name: "Pad", parts: []part{whole("pads", 0, 1, 0, 2, 0, 0, 1, 1), number("v", 0.5), op("Pad", "x pads v", "y", nil)}},
		{name: "Pad of opset 10", opset: 10, parts: []part{op("Pad", "x", "y", a{"pads": []int{0, 0, 1, 1, 0, 0, 1, 1}, "value": 2.0})}},
		{name: "Pad of some axes", opset: 18, parts: []part{whole("pads", 1, 2), whole("axes", -1), op("Pad", "x pads - axes", "y", nil)}},
		{name: "Expand", parts: []part{op("GlobalAveragePool", "x", "m", nil), whole("to", 1, 1, 2, 3), op("Expand", "m to", "y", nil)}},
		{name: "ConstantOfShape", parts: []part{op("Shape", "x", "s", nil), op("ConstantOfShape", "s", "z", nil), op("Concat", "z x", "y", a{"axis": 1})}},
		{name: "a class token", dims: []int64{3, 2, 2}, parts: []part{weights("w", false, 4, 3, 1, 1), weights("token", false, 1, 1, 4), weights("position", false, 1, 5, 4), op("Conv", "x w", "c", nil), whole("to", 0, 4, -1),
			op("Reshape", "c to", "r", nil), op("Transpose", "r", "t", a{"perm": []int{0, 2, 1}}), wholeScalar("first", 0), whole("axis", 0), whole("one", 1, 4), op("Shape", "x", "s", nil), op("Gather", "s first", "n", nil), op("Unsqueeze", "n axis", "u", nil),
			op("Concat", "u one", "size", a{"axis": 0}), op("Expand", "token size", "tokens", nil), op("Concat", "tokens t", "j", a{"axis": 1}), op("Add", "j position", "p", nil),
			wholeScalar("zero", 0), op("Gather", "p zero", "y", a{"axis": 1})}},
	}
}

// vectorFile has what ONNX Runtime gives for operators, by name.
const vectorFile = "testdata/operators.json"

// Every operator gives what ONNX Runtime gives.
func TestVectorOperators(t *testing.T) {
	text, err := os.ReadFile(vectorFile)
	require.NoError(t, err)
	var want map[string][]float32
	require.NoError(t, json.Unmarshal(text, &want))
	for _, o := range operators() {
		t.Run(o.name, func(t *testing.T) {
			requireAlike(t, want[o.name], o.compute(t), o.name)
		})
	}
}

func requireAlike(t *testing.T, want, is []float32, name string) {
	t.Helper()
	require.NotEmpty(t, want, name)
	require.Len(t, is, len(want), name)
	for i, v := range want {
		require.InDelta(t, v, is[i], 1e-5*math.Max(1, math.Abs(float64(v))), "%s: value %d", name, i)
	}
}

// compute runs the file as a backbone.
func (o operator) compute(t *testing.T) []float32 {
	b, err := Read(o.file(t), OpenSettings{Layout: ChannelsFirst})
	require.NoError(t, err)
	x := o.input()
	if o.dims == nil || len(o.dims) == 3 {
		x = permuted(x, 0, 2, 3, 1)
	}
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	return slices.Clone(b.Forward(tape.Const(x)).Data())
}

// What was read can be written again, but for what repeats values by the number of images.
func TestOperatorsAgain(t *testing.T) {
	for _, o := range operators() {
		if o.name == "a class token" || o.name == "ConstantOfShape" || o.name == "Flatten" || o.name == "computing with shapes" {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			b, err := Read(o.file(t), OpenSettings{Layout: ChannelsFirst})
			require.NoError(t, err)
			in := hybrid.WithFeatures(b.Input()[0])
			x := o.input()
			if len(b.Input()) == 3 {
				in = hybrid.WithInput(b.Input()[0], b.Input()[1], b.Input()[2])
				x = permuted(x, 0, 2, 3, 1)
			}
			if o.name == "Gemm of two" {
				return // whose width is the number of images
			}
			n, err := hybrid.NewNetwork(b, 2, in)
			require.NoError(t, err)
			var file bytes.Buffer
			require.NoError(t, Export(&file, n, hybrid.About{}, Settings{Features: true}))
			again, err := Read(file.Bytes(), OpenSettings{Layout: ChannelsLast, Output: "features"})
			require.NoError(t, err)
			run := func(b *Backbone) []float32 {
				return slices.Clone(b.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Data())
			}
			requireAlike(t, run(b), run(again), o.name)
		})
	}
}

// And has the gradients of its input and of all that it says can be trained.
func TestOperatorGradients(t *testing.T) {
	for _, o := range operators() {
		if o.kinks {
			continue
		}
		t.Run(o.name, func(t *testing.T) {
			b, err := Read(o.file(t), OpenSettings{Layout: ChannelsFirst})
			require.NoError(t, err)
			x := o.input()
			if o.dims == nil || len(o.dims) == 3 {
				x = permuted(x, 0, 2, 3, 1)
			}
			var params []*autograd.Param
			for _, e := range nn.Params(b) {
				params = append(params, e.Param)
			}
			gradtest.Check(t, gradtest.Case{Inputs: []*tensor.Tensor{x}, Params: params,
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return b.Forward(in[0]) }})
		})
	}
}

// Slopes of functions with kinks, beside these.
func TestSlopes(t *testing.T) {
	left := map[string]bool{"Relu": true, "Abs": true, "HardSwish": true, "HardSigmoid": true, "LeakyRelu": true, "Elu": true, "Clip": true, "Clip above": true,
		"Clip of opset 10": true, "Max": true, "Min": true}
	for _, o := range operators() {
		if !left[o.name] {
			continue
		}
		delete(left, o.name)
		o.dims = []int64{1}
		b, err := Read(o.file(t), OpenSettings{})
		require.NoError(t, err)
		for _, at := range []float32{-4, -1.3, -0.4, 0.1, 0.4, 1.3, 4} {
			x := tensor.New(1, 1)
			x.Data()[0] = at
			gradtest.Check(t, gradtest.Case{Inputs: []*tensor.Tensor{x}, Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return b.Forward(in[0]) }})
		}
	}
	require.Empty(t, left)
}

// The vectors are those of ONNX Runtime; LONGTAIL_WRITE=1 writes them anew.
func TestONNXRuntimeOperators(t *testing.T) {
	python, modules := os.Getenv("LONGTAIL_ONNX"), os.Getenv("LONGTAIL_ORT")
	if python == "" || modules == "" {
		t.Skip("LONGTAIL_ONNX names a Python with onnx, LONGTAIL_ORT a node_modules with onnxruntime-node")
	}
	dir, args := t.TempDir(), []string{"testdata/run.js"}
	for i, o := range operators() {
		path := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(path, o.file(t), 0o666))
		x := o.input()
		var raw []byte
		for _, v := range x.Data() {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		require.NoError(t, os.WriteFile(path+".in", raw, 0o666))
		args = append(args, path, path+".in", strings.ReplaceAll(strings.Trim(x.Shape().String(), "[]"), " ", ","), "2", path)
	}
	run := exec.Command("node", args...)
	run.Env = append(os.Environ(), "NODE_PATH="+modules)
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
	all := map[string][]float32{}
	for i, o := range operators() {
		raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)+".out"))
		require.NoError(t, err)
		for at := 0; at < len(raw); at += 4 {
			all[o.name] = append(all[o.name], math.Float32frombits(binary.LittleEndian.Uint32(raw[at:])))
		}
		requireAlike(t, all[o.name], o.compute(t), o.name)
	}
	if os.Getenv("LONGTAIL_WRITE") != "" {
		text, err := json.MarshalIndent(all, "", " ")
		require.NoError(t, err)
		text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte(",\n  "), []byte(", ")), []byte("[\n  "), []byte("["))
		require.NoError(t, os.WriteFile(vectorFile, append(bytes.ReplaceAll(text, []byte("\n ]"), []byte("]")), '\n'), 0o666))
	}
}

// What a name ends in and what a layer makes of its weights is no other layer's: the values here go by the length of a name.
func TestLayersShareNoMoreThanAWeight(t *testing.T) {
	type a = autograd.Attributes
	forward := func(first, second, bias string) []float32 {
		parts := []part{weights(first, false, 2, 2), weights(second, false, 2, 2), weights("b", false, 2)}
		if bias != "b" {
			parts = append(parts, weights(bias, false, 2))
		}
		b, err := Read(fileOf(t, 17, []int64{2}, append(parts, op("Gemm", "x "+first+" b", "h", nil),
			op("Gemm", "h "+second+" "+bias, "out", a{"transB": 1, "beta": 3.0}))...), OpenSettings{})
		require.NoError(t, err)
		x, err := tensor.FromSlice([]float32{1, 2}, 1, 2)
		require.NoError(t, err)
		return b.Forward(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(x)).Data()
	}
	require.Equal(t, forward("6", "abc", "c"), forward("6", "610", "c"))
	require.Equal(t, forward("6", "abc", "c"), forward("6", "abc", "b"))

	v := &array{kind: float32s, floats: []float32{1}, dims: []int64{1}}
	x, err := v.float32s()
	require.NoError(t, err)
	x.Data()[0] = 9
	require.Equal(t, []float32{1}, v.floats)
}
