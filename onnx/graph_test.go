package onnx

import (
	"bytes"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

func exported(t *testing.T, s Settings) model {
	t.Helper()
	b, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(b, 3, hybrid.WithInput(12, 10, 3))
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, Export(&file, n, hybrid.About{Classes: []string{"cat", "dog", "ünique"}}, s))
	m, err := readModel(file.Bytes())
	require.NoError(t, err)
	return m
}

func (g graph) count(op string) (n int) {
	for _, x := range g.nodes {
		if x.op == op {
			n++
		}
	}
	return n
}

// A file has ONNX's operators, parameters under their paths, no layout changed more often than need be.
func TestGraphOfACIFARResNet(t *testing.T) {
	m := exported(t, Settings{Embeddings: true, Features: true})
	require.Equal(t, map[string]int64{"": 17}, m.opsets)
	require.Contains(t, m.metadata, [2]string{"classes", `["cat","dog","ünique"]`})
	require.Contains(t, m.metadata, [2]string{"mean", `[0.5,0.5,0.5]`})
	g := m.graph
	require.Equal(t, []valueInfo{{"input", float32s, []dim{{name: "batch"}, {size: 12}, {size: 10}, {size: 3}}}}, g.inputs)
	require.Equal(t, []valueInfo{{"logits", float32s, []dim{{name: "batch"}, {size: 3}}}, {"embeddings", float32s, []dim{{name: "batch"}, {size: 128}}},
		{"features", float32s, []dim{{name: "batch"}, {size: 16}}}}, g.outputs)
	for op, n := range map[string]int{"Conv": 7, "BatchNormalization": 7, "Relu": 8, "Add": 3, "Slice": 2, "Pad": 2, "Gemm": 3, "Transpose": 1, "Div": 1} {
		require.Equal(t, n, g.count(op), op)
	}
	names := map[string][]int64{}
	for _, a := range g.inits {
		names[a.name] = a.dims
	}
	require.Equal(t, []int64{8, 4, 3, 3}, names["backbone.layer2.0.conv1.weight"])
	require.Equal(t, []int64{8}, names["backbone.layer2.0.bn1.running_var"])
	require.Equal(t, []int64{3, 16}, names["classifier.weight"])

	m = exported(t, Settings{Batch: 4, NCHW: true, Normalize: true, Softmax: true, FoldBatchNorm: true})
	g = m.graph
	require.Equal(t, []valueInfo{{"input", float32s, []dim{{size: 4}, {size: 3}, {size: 12}, {size: 10}}}}, g.inputs)
	require.Equal(t, []valueInfo{{"probabilities", float32s, []dim{{size: 4}, {size: 3}}}}, g.outputs)
	for op, n := range map[string]int{"Conv": 7, "BatchNormalization": 0, "Gemm": 1, "Transpose": 0, "Softmax": 1} {
		require.Equal(t, n, g.count(op), op)
	}
	for _, a := range g.inits {
		require.NotContains(t, a.name, "running", "folded batch norm leaves nothing behind")
	}
}

// Numbers of all forms are read, and shapes that do not fit are errors.
func TestArrays(t *testing.T) {
	read := func(fill func(m *message)) array {
		var m message
		fill(&m)
		var whole bytes.Buffer
		require.NoError(t, m.writeTo(&whole))
		var a array
		require.NoError(t, a.read(reader{bytes: whole.Bytes()}))
		return a
	}
	dims := func(m *message, kind elementKind, dims ...int64) {
		for _, d := range dims {
			m.int(1, d)
		}
		m.int(2, int64(kind))
	}
	for name, fill := range map[string]func(m *message){
		"raw":    func(m *message) { dims(m, float32s, 2); m.bytes(9, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}) },
		"floats": func(m *message) { dims(m, float32s, 2); m.float(4, 1); m.float(4, -2) },
		"packed": func(m *message) { dims(m, float32s, 2); m.bytes(4, []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}) },
		"half":   func(m *message) { dims(m, float16s, 2); m.bytes(9, []byte{0, 0x3c, 0, 0xc0}) },
		"brain":  func(m *message) { dims(m, bfloat16s, 2); m.int(5, 0x3f80); m.int(5, 0xc000) },
		"doubles": func(m *message) {
			dims(m, float64s, 2)
			m.bytes(9, []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0})
		},
	} {
		a := read(fill)
		x, err := a.float32s()
		require.NoError(t, err, name)
		require.Equal(t, []float32{1, -2}, x.Data(), name)
		_, err = a.whole()
		require.Error(t, err, name)
	}
	for name, fill := range map[string]func(m *message){
		"raw":    func(m *message) { dims(m, int32s, 1, 2); m.bytes(9, []byte{7, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}) },
		"values": func(m *message) { dims(m, int64s, 2, 1); m.int(7, 7); m.int(7, -2) },
	} {
		a := read(fill)
		v, err := a.whole()
		require.NoError(t, err, name)
		require.Equal(t, []int64{7, -2}, v, name)
		_, err = a.float32s()
		require.Error(t, err, name)
	}
	for want, fill := range map[string]func(m *message){
		"damaged":      func(m *message) { dims(m, float32s, 1<<40, 1<<40); m.bytes(9, make([]byte, 8)) },
		"negative":     func(m *message) { dims(m, float32s, -1, -2); m.bytes(9, make([]byte, 8)) },
		"another file": func(m *message) { dims(m, float32s, 2); m.int(14, 1) },
		"type 8":       func(m *message) { dims(m, 8, 2) },
	} {
		a := read(fill)
		_, err := a.float32s()
		require.ErrorContains(t, err, want)
	}
}
