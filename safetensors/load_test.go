package safetensors_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

func TestRoundTripHasTheSameBits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	m := newModel(t)
	want := m.bits()
	metadata := map[string]string{"": "", "a b": "line\n\"quoted\" <é> \u2028", "__metadata__": "x"}
	require.NoError(t, safetensors.Save(path, m, metadata))
	require.Equal(t, want, m.bits(), "saving changes nothing")
	m.clear()
	got, err := safetensors.Load(path, m)
	require.NoError(t, err)
	require.Equal(t, want, m.bits())
	require.Equal(t, metadata, got)

	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, safetensors.Save(path, m, metadata))
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, first, second, "the same state makes the same file")
}

func TestRoundTripOfAnyModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.String().Filter(func(s string) bool { return s != "__metadata__" }), 0, 5,
			rapid.ID[string]).Draw(rt, "names")
		build := func(fill func(*tensor.Tensor)) showing {
			r := make([]*tensor.Tensor, len(names))
			for i := range names {
				r[i] = tensor.New(2, i, 3, 1+i%2)
				fill(r[i])
			}
			return func(v nn.Visitor) {
				for i, name := range names {
					p := autograd.NewParam(r[i])
					v.ParamAs(name, p, nn.Layout(i%2))
				}
			}
		}
		from := build(func(x *tensor.Tensor) {
			for i := range x.Data() {
				x.Data()[i] = rapid.Float32().Draw(rt, "value")
			}
		})
		to := build(func(*tensor.Tensor) {})
		f, err := read(written(t, from, nil))
		require.NoError(rt, err)
		require.NoError(rt, f.Load(to))
		require.Equal(rt, nn.Tensors(from), nn.Tensors(to))
	})
}

// refuses checks that the file cannot be loaded into a model, for the reason given, and leaves it as it was.
func refuses(t *testing.T, b []byte, want string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, b, 0o666))
	m := newModel(t)
	m.clear()
	before := m.bits()
	metadata, err := safetensors.Load(path, m)
	require.EqualError(t, err, "safetensors: "+path+": "+want)
	require.Nil(t, metadata)
	require.Equal(t, before, m.bits())
}

const advice = ": build the model with the settings it was saved with, or use LoadPartial for what both name"

func TestFileAndModelThatDoNotFit(t *testing.T) {
	m := newModel(t)
	m.mean, m.scalar = tensor.New(4), tensor.New(1)
	refuses(t, written(t, m, nil), "file and model do not fit: 2 of another shape (mean is [4] in the file, [3] in the model, "+
		"scalar is [1] in the file, [] in the model)"+advice)

	m = newModel(t)
	m.conv.Value = tensor.New(3, 1, 2, 2)
	refuses(t, written(t, m, nil), "file and model do not fit: "+
		"1 of another shape (sub.conv is [2 2 3 1] in the file, [2 2 1 3] in the model)"+advice)

	refuses(t, written(t, showing(func(v nn.Visitor) {
		newModel(t).Visit(v)
		for _, name := range []string{"a", "b", "c", "d", "e", "num_batches_tracked"} {
			v.Buffer(name, tensor.New(2))
		}
	}), nil), "file and model do not fit: 6 unknown to the model (a [2], b [2], c [2], d [2], e [2], …)"+advice)

	refuses(t, written(t, showing(func(v nn.Visitor) {
		v.Buffer("sub.note", tensor.New(2))
		v.Buffer("mean", tensor.New(3))
		v.Buffer("x", tensor.New())
	}), nil), "file and model do not fit: 1 of another shape (sub.note is F32 [2] in the file, bytes (U8) in the model); "+
		"3 missing from the file (sub.conv [2 2 1 3], bias [0], scalar []); 1 unknown to the model (x [])"+advice)

	refuses(t, []byte("<html><body>"),
		"not a safetensors file: it begins with 3c 68 74 6d 6c 3e 3c 62 6f, not with a header's length and {")
	b := written(t, newModel(t), nil)
	refuses(t, b[:len(b)-1], "truncated: the header says 69 bytes of tensors, the file has 68: the copy is incomplete")
}

func TestValuesOfATypeThatIsNotRead(t *testing.T) {
	b := written(t, newModel(t), nil)
	refuses(t, bytes.Replace(b, []byte(`{"dtype":"F32","shape":[3]`), []byte(`{"dtype":"I32","shape":[3]`), 1),
		`tensor "mean" has values of type I32: only F32, F64, F16 and BF16 are read as float32: convert it first`)
}

func TestStateThatRefusesItsBytesLeavesAllAsItWas(t *testing.T) {
	var first, second note = "1", "good"
	x := tensor.Scalar(3)
	m := showing(func(v nn.Visitor) {
		v.State("first", &first)
		v.State("second", &second)
		v.Buffer("x", x)
	})
	f, err := read(file(`{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"first":{"dtype":"U8","shape":[1],"data_offsets":[4,5]},`+
		`"second":{"dtype":"U8","shape":[3],"data_offsets":[5,8]}}`, append([]byte{0, 0, 0, 0, '2'}, "bad"...)...))
	require.NoError(t, err)
	require.EqualError(t, f.Load(m), `safetensors: state "second": cannot be bad`)
	require.Equal(t, note("1"), first)
	require.Equal(t, note("good"), second)
	require.Equal(t, float32(3), x.Item())
}

func TestPyTorchBatchCountersArePassedOver(t *testing.T) {
	f, err := read(file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},`+
		`"bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[4,12]}}`, 0, 0, 0x80, 0x3f, 9, 0, 0, 0, 0, 0, 0, 0))
	require.NoError(t, err)
	x := tensor.New(1)
	m := showing(func(v nn.Visitor) { v.Buffer("x", x) })
	require.NoError(t, f.Load(m))
	require.Equal(t, float32(1), x.Item())
	p, err := f.LoadPartial(m)
	require.NoError(t, err)
	require.Empty(t, p.Unexpected)
	require.Equal(t, 1, p.Counters)
}

func TestSharedParameters(t *testing.T) {
	p := autograd.NewParam(values(t, []float32{1, 2}, 2))
	m := showing(func(v nn.Visitor) {
		v.Param("a", p)
		v.Param("b", p)
	})
	b := written(t, m, nil)
	f, err := read(b)
	require.NoError(t, err)
	require.Len(t, f.Tensors, 2)
	p.Value.Zero()
	require.NoError(t, f.Load(m))
	require.Equal(t, []float32{1, 2}, p.Value.Data())

	b[len(b)-1] ^= 1
	require.EqualError(t, f.Load(m), `safetensors: "a" and "b" are one tensor in the model, but differ in the file`)
	require.Equal(t, []float32{1, 2}, p.Value.Data())
}

func TestLoadPartial(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	save := func(names ...string) {
		require.NoError(t, safetensors.Save(path, showing(func(v nn.Visitor) {
			for i, name := range names {
				v.Buffer(name, values(t, []float32{float32(i + 1)}, 1))
			}
		}), map[string]string{"k": "v"}))
	}
	x, y := tensor.New(1), tensor.New(1)
	m := showing(func(v nn.Visitor) {
		v.Buffer("x", x)
		v.Buffer("y", y)
	})
	save("w", "x")
	p, err := safetensors.LoadPartial(path, m)
	require.NoError(t, err)
	require.Equal(t, safetensors.Partial{Metadata: map[string]string{"k": "v"}, Loaded: []safetensors.Name{{File: "x", Model: "x"}},
		Missing: []string{"y"}, Unexpected: []safetensors.Name{{File: "w", Model: "w"}}}, p)
	require.Equal(t, float32(2), x.Item())
	require.Zero(t, y.Item())

	save("net.x", "net.y")
	_, err = safetensors.LoadPartial(path, m)
	require.EqualError(t, err, "safetensors: "+path+": the file names nothing of the model: it begins with net.x, "+
		"the model with x: load into the part of the model that was saved, or rename with ReplacePrefix")
	save()
	_, err = safetensors.LoadPartial(path, m)
	require.EqualError(t, err, "safetensors: "+path+": nothing to load: the file or the model holds no tensors")

	save("x", "y")
	y = tensor.New(2)
	_, err = safetensors.LoadPartial(path, m)
	require.EqualError(t, err, "safetensors: "+path+": file and model do not fit: "+
		"1 of another shape (y is [1] in the file, [2] in the model)")
	require.Equal(t, float32(2), x.Item(), "nothing is loaded")
}

func TestModelsThatCannotBeLoaded(t *testing.T) {
	f, err := read(file("{}"))
	require.NoError(t, err)
	m := showing(func(v nn.Visitor) { v.Buffer("x", nil) })
	require.EqualError(t, f.Load(m), `safetensors: the model shows "x" without a value`)
	_, err = f.LoadPartial(m)
	require.EqualError(t, err, `safetensors: the model shows "x" without a value`)
}

func TestPathsThatAreNoFiles(t *testing.T) {
	dir := t.TempDir()
	_, err := safetensors.Load(filepath.Join(dir, "none"), newModel(t))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "safetensors: stat "+filepath.Join(dir, "none"))
	_, err = safetensors.LoadPartial(dir, newModel(t))
	require.EqualError(t, err, "safetensors: "+dir+" is not a regular file")
}
