package safetensors_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

// wrapped shows m under a name.
func wrapped(name string, m nn.Visitable) showing {
	return func(v nn.Visitor) { v.Sub(name, m) }
}

// saved writes m to a file.
func saved(t *testing.T, m nn.Visitable) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, written(t, m, map[string]string{"k": "v"}), 0o666))
	return path
}

func TestReplacePrefix(t *testing.T) {
	for _, c := range [][4]string{ // from, to, name, want
		{"module.", "", "module.fc.bias", "fc.bias"},
		{"module.", "", "fc.module.bias", "fc.module.bias"},
		{"module.", "", "module", "module"},
		{"module.", "", "module.module.x", "module.x"},
		{"", "backbone.", "fc.bias", "backbone.fc.bias"},
		{"fc.", "classifier.", "fc.bias", "classifier.bias"},
		{"", "", "x", "x"},
		{"x", "", "x", ""},
	} {
		require.Equal(t, c[3], safetensors.ReplacePrefix(c[0], c[1])(c[2]), "%q", c)
	}
}

func TestLoadRenames(t *testing.T) {
	m := newModel(t)
	want := m.bits()
	path := saved(t, wrapped("module", wrapped("old", m)))
	strip, replace := safetensors.ReplacePrefix("module.", ""), safetensors.ReplacePrefix("old.", "new.")

	m.clear()
	metadata, err := safetensors.Load(path, wrapped("new", m), strip, nil, replace)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"k": "v"}, metadata)
	require.Equal(t, want, m.bits())

	m.clear()
	_, err = safetensors.Load(path, wrapped("new", m), replace, strip)
	require.ErrorContains(t, err, "5 missing from the file (new.sub.note, new.sub.conv [2 2 1 3], ")
	require.ErrorContains(t, err, "5 unknown to the model (module.old.sub.conv as old.sub.conv [2 2 1 3], ", "in the other order")

	_, err = safetensors.Load(path, m, func(name string) string { return name[strings.Index(name, "old.")+4:] })
	require.NoError(t, err)
	require.Equal(t, want, m.bits())
}

func TestLoadPartialReportsBothNames(t *testing.T) {
	x, y := tensor.New(1), tensor.New(1)
	path := saved(t, showing(func(v nn.Visitor) {
		v.Buffer("q.x", values(t, []float32{1}, 1))
		v.Buffer("k.x", values(t, []float32{2}, 1))
		v.Buffer("q.z", values(t, []float32{3}, 1))
	}))
	p, err := safetensors.LoadPartial(path, showing(func(v nn.Visitor) {
		v.Buffer("x", x)
		v.Buffer("y", y)
	}), safetensors.ReplacePrefix("q.", ""))
	require.NoError(t, err)
	require.Equal(t, safetensors.Partial{
		Metadata:   map[string]string{"k": "v"},
		Loaded:     []safetensors.Name{{File: "q.x", Model: "x"}},
		Missing:    []string{"y"},
		Unexpected: []safetensors.Name{{File: "k.x", Model: "k.x"}, {File: "q.z", Model: "z"}},
	}, p)
	require.Equal(t, float32(1), x.Item())
}

func TestTwoTensorsOfOneName(t *testing.T) {
	x := tensor.New(1)
	m := showing(func(v nn.Visitor) { v.Buffer("x", x) })
	path := saved(t, showing(func(v nn.Visitor) {
		v.Buffer("module.x", values(t, []float32{1}, 1))
		v.Buffer("x", values(t, []float32{2}, 1))
	}))
	want := "safetensors: " + path + `: tensors "module.x" and "x" would both be "x" in the model: rename one of them otherwise`
	_, err := safetensors.Load(path, m, safetensors.ReplacePrefix("module.", ""))
	require.EqualError(t, err, want)
	_, err = safetensors.LoadPartial(path, m, safetensors.ReplacePrefix("module.", ""))
	require.EqualError(t, err, want)
	require.Zero(t, x.Item())

	_, err = safetensors.LoadPartial(path, m, func(string) string { return "unknown" })
	require.ErrorContains(t, err, `"module.x" and "x" would both be "unknown"`)
}

func TestErrorsOfRenamedTensorsSayBothNames(t *testing.T) {
	strip := safetensors.ReplacePrefix("module.", "")
	m := newModel(t)
	m.mean = tensor.New(4)
	_, err := safetensors.LoadPartial(saved(t, wrapped("module", m)), newModel(t), strip)
	require.ErrorContains(t, err, "1 of another shape (module.mean as mean is [4] in the file, [3] in the model)")

	var n note = "bad"
	path := saved(t, showing(func(v nn.Visitor) { v.State("module.n", &n) }))
	n = "good"
	_, err = safetensors.Load(path, showing(func(v nn.Visitor) { v.State("n", &n) }), strip)
	require.ErrorContains(t, err, `state "module.n as n": cannot be bad`)
	require.Equal(t, note("good"), n)

	path = saved(t, showing(func(v nn.Visitor) {
		v.Buffer("module.a", values(t, []float32{1}, 1))
		v.Buffer("module.b", values(t, []float32{2}, 1))
	}))
	shared := autograd.NewParam(tensor.New(1))
	_, err = safetensors.Load(path, showing(func(v nn.Visitor) {
		v.Param("a", shared)
		v.Param("b", shared)
	}), strip)
	require.ErrorContains(t, err, `"module.a as a" and "module.b as b" are one tensor in the model, but differ in the file`)

	_, err = safetensors.LoadPartial(path, newModel(t), safetensors.ReplacePrefix("module.", "body."))
	require.ErrorContains(t, err, "it begins with module.a as body.a, the model with sub.note")
}

func TestRenamedBatchCountersArePassedOver(t *testing.T) {
	f, err := read(file(`{"module.x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},`+
		`"module.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[4,12]}}`, 0, 0, 0x80, 0x3f, 9, 0, 0, 0, 0, 0, 0, 0))
	require.NoError(t, err)
	x := tensor.New(1)
	require.NoError(t, f.Load(showing(func(v nn.Visitor) { v.Buffer("x", x) }), safetensors.ReplacePrefix("module.", "")))
	require.Equal(t, float32(1), x.Item())
}
