package onnx

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// What cannot be read is an error that names it.
func TestOpenErrors(t *testing.T) {
	type a = autograd.Attributes
	end := op("Flatten", "y", "out", nil)
	w := weights("w", false, 4, 3, 3, 3)
	images := []int64{3, 8, 8}
	for name, c := range map[string]struct {
		file  []byte
		s     OpenSettings
		parts []string
	}{
		"operator":      {fileOf(t, 17, images, op("Einsum", "x", "y", nil), end), OpenSettings{}, []string{`"y" (Einsum)`, "operator Einsum"}},
		"attribute":     {fileOf(t, 17, images, op("Relu", "x", "y", a{"odd": 1}), end), OpenSettings{}, []string{`"y" (Relu)`, "attribute odd"}},
		"kind":          {fileOf(t, 17, images, op("Flatten", "x", "out", a{"axis": 1.5})), OpenSettings{}, []string{"axis", "kind"}},
		"old":           {fileOf(t, 6, images, op("Relu", "x", "y", nil), end), OpenSettings{}, []string{"opset 6", "from 9 to"}},
		"new":           {fileOf(t, 99, images, op("Relu", "x", "y", nil), end), OpenSettings{}, []string{"opset 99"}},
		"dilation":      {fileOf(t, 17, images, w, op("Conv", "x w", "y", a{"dilations": []int{2, 2}}), end), OpenSettings{}, []string{"dilations is 2"}},
		"stride":        {fileOf(t, 17, images, w, op("Conv", "x w", "y", a{"strides": []int{2, 1}}), end), OpenSettings{}, []string{"strides of [2 1]"}},
		"pads":          {fileOf(t, 17, images, w, op("Conv", "x w", "y", a{"pads": []int{0, 0, -1, 0}}), end), OpenSettings{}, []string{"pads of [0 0 -1 0]"}},
		"not there":     {fileOf(t, 17, images, op("Conv", "x w", "y", nil), end), OpenSettings{}, []string{`"w"`, "no node before"}},
		"order":         {fileOf(t, 17, images, op("Relu", "z", "y", nil), op("Relu", "x", "z", nil), end), OpenSettings{}, []string{`"z"`, "no node before"}},
		"twice":         {fileOf(t, 17, images, op("Relu", "x", "y", nil), op("Tanh", "x", "y", nil), end), OpenSettings{}, []string{`"y"`, "there already"}},
		"no output":     {fileOf(t, 17, images, op("Relu", "x", "y", nil)), OpenSettings{}, []string{`"out"`, "y"}},
		"other output":  {fileOf(t, 17, images, op("Flatten", "x", "out", nil)), OpenSettings{Output: "fc"}, []string{`"fc"`, "out"}},
		"inputs":        {fileOf(t, 17, images, op("Conv", "x", "y", nil), end), OpenSettings{}, []string{"1 inputs", "2 to 3"}},
		"layout":        {fileOf(t, 17, []int64{3, 8, 3}, op("Flatten", "x", "out", nil)), OpenSettings{}, []string{"[-1 3 8 3]", "Layout"}},
		"rank":          {fileOf(t, 17, []int64{3, 8}, op("Flatten", "x", "out", nil)), OpenSettings{}, []string{"[-1 3 8]", "four dimensions"}},
		"size":          {fileOf(t, 17, images, op("Flatten", "x", "out", nil)), OpenSettings{Height: 9, Width: 8}, []string{"9×8", "8×8"}},
		"any size":      {fileOf(t, 17, []int64{3, 0, 0}, op("Flatten", "x", "out", nil)), OpenSettings{}, []string{"[-1 -1 3]", "Height"}},
		"features":      {fileOf(t, 17, images, op("Relu", "x", "out", nil)), OpenSettings{}, []string{"the output out", "[1 3 8 8]", "Output"}},
		"input":         {fileOf(t, 17, []int64{3}, op("Relu", "y", "out", nil)), OpenSettings{Output: "x"}, []string{`the output x`, "must be computed"}},
		"weights":       {fileOf(t, 17, images, weights("w", false, 4, 5, 3, 3), op("Conv", "x w", "y", nil), end), OpenSettings{}, []string{"nn.Conv2d", "5"}},
		"out of bounds": {fileOf(t, 17, images, whole("i", 7), op("Gather", "x i", "y", a{"axis": 1}), end), OpenSettings{}, []string{"no row 7"}},
		"large":         {fileOf(t, 17, images, whole("p", 0, 0, 1<<20, 1<<20, 0, 0, 0, 0), op("Pad", "x p", "y", nil), end), OpenSettings{}, []string{"out of proportion"}},
		"repeated":      {fileOf(t, 17, []int64{1}, whole("p", 1<<30, 1<<30), op("Expand", "x p", "out", nil)), OpenSettings{}, []string{"out of proportion"}},
		"a product": {fileOf(t, 17, []int64{1}, whole("to", 20000, 1), op("Expand", "x to", "h", nil), weights("w", false, 1, 1000), op("MatMul", "h w", "out", nil)),
			OpenSettings{}, []string{"out of proportion"}},
		"a layer": {fileOf(t, 17, []int64{1}, whole("to", 20000, 1), op("Expand", "x to", "h", nil), weights("w", false, 1, 1000), op("Gemm", "h w", "out", nil)),
			OpenSettings{}, []string{"out of proportion"}},
		"a square": {fileOf(t, 17, []int64{1}, whole("to", 10000, 1), op("Expand", "x to", "h", nil), op("Gemm", "h h", "out", a{"transB": 1})),
			OpenSettings{}, []string{"out of proportion"}},
		"stretched twice": {fileOf(t, 17, []int64{1}, whole("to", 10000, 1), whole("back", 1, 10000), op("Expand", "x to", "h", nil), op("Expand", "h back", "out", nil)),
			OpenSettings{}, []string{"out of proportion"}},
		"beyond":   {fileOf(t, 17, images, op("Flatten", "x", "out", a{"axis": math.MaxInt})), OpenSettings{}, []string{"beyond"}},
		"training": {fileOf(t, 17, images, weights("s", true, 3), op("BatchNormalization", "x s s s s", "y", a{"training_mode": 1}), end), OpenSettings{}, []string{"training_mode is 1"}},
		"vectors":  {fileOf(t, 17, images, weights("s", true, 3), weights("m", true, 4), op("BatchNormalization", "x s s m s", "y", nil), end), OpenSettings{}, []string{"[3]", "[4]"}},
		"text":     {[]byte("no ONNX file at all"), OpenSettings{}, []string{"damaged"}},
		"nothing":  {nil, OpenSettings{}, []string{"no graph"}},
	} {
		_, err := Read(c.file, c.s)
		require.ErrorContains(t, err, "onnx: ", name)
		for _, p := range c.parts {
			require.ErrorContains(t, err, p, name)
		}
	}
	_, err := Open("missing.onnx", OpenSettings{})
	require.ErrorContains(t, err, "missing.onnx")
}

// Values in other files, and functions of other domains, are told of.
func TestOpenOtherFilesAndDomains(t *testing.T) {
	m := model{ir: 8, opsets: map[string]int64{"": 17, "com.example": 1}}
	m.graph.inputs = []valueInfo{{"x", float32s, []dim{{name: "N"}, {size: 4}}}}
	m.graph.outputs = []valueInfo{{"out", float32s, nil}}
	m.graph.nodes = []*node{{op: "Odd", domain: "com.example", in: []string{"x"}, out: []string{"out"}}}
	read := func() error {
		message := m.message()
		var file bytes.Buffer
		require.NoError(t, message.writeTo(&file))
		_, err := Read(file.Bytes(), OpenSettings{})
		return err
	}
	require.ErrorContains(t, read(), `"com.example"`)
	m.graph.nodes[0].domain, m.graph.nodes[0].op, m.graph.nodes[0].in = "", "Add", []string{"x", "far"}
	var far, entry message
	far.int(1, 4)
	far.int(2, 1)
	far.string(8, "far")
	entry.string(1, "location")
	entry.string(2, "weights.bin")
	far.message(13, entry)
	far.int(14, 1)
	g := m.graph.message()
	g.message(5, far)
	var whole message
	whole.message(7, g)
	var set message
	set.int(2, 17)
	whole.message(8, set)
	var file bytes.Buffer
	require.NoError(t, whole.writeTo(&file))
	_, err := Read(file.Bytes(), OpenSettings{})
	require.ErrorContains(t, err, `"far"`)
	require.ErrorContains(t, err, "another file")
}

// Whatever is cut off or changed in a file, reading ends in an error or a backbone, and running in an error or features.
func TestDamagedFiles(t *testing.T) {
	b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 1})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(b, 2, hybrid.WithInput(4, 4, 3), hybrid.WithoutProjection())
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, Export(&file, n, hybrid.About{}, Settings{}))
	whole := file.Bytes()
	for i := 0; i < len(whole); i += 31 {
		tryFile(t, whole[:i])
		damaged := bytes.Clone(whole)
		damaged[i] ^= byte(1 << (i % 8))
		tryFile(t, damaged)
	}
}

// tryFile reads and runs a file, which may fail, but not panic.
func tryFile(t testing.TB, file []byte) {
	for _, layout := range []Layout{ByShape, ChannelsFirst} {
		b, err := Read(file, OpenSettings{Layout: layout, Height: 4, Width: 4})
		if err != nil {
			require.NotEmpty(t, err.Error())
			continue
		}
		shape := append(tensor.Shape{2}, b.Input()...)
		for i, n := range shape {
			if n < 0 {
				shape[i] = 3
			}
		}
		if float64(shape[1:].Len()) > 1<<14 || len(shape) > 3 && shape[1]*shape[2]*shape[3] > 1<<14 {
			continue
		}
		err = tensor.Try(func() error {
			tape := autograd.NewTape(autograd.Mode{Train: true})
			y := b.Forward(tape.Const(tensor.New(shape...)))
			if y.NeedsGrad() && y.Value().Len() > 0 {
				tape.Backward(autograd.Sum(y), nil)
			}
			return nil
		})
		if err != nil {
			require.True(t, errors.As(err, new(*tensor.Error)), "%T %v", err, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, o := range operators() {
		f.Add(o.file(f))
	}
	f.Fuzz(func(t *testing.T, file []byte) { alloctest.Justified(t, len(file), func() { tryFile(t, file) }) })
}
