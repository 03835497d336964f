package safetensors_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

type closer struct{ err error }

func (c closer) Close() error { return c.err }

// A file of another format is looked into and loaded as one of this format; its errors have its name.
func TestFilesOfOtherFormats(t *testing.T) {
	give := func(b []byte, err error) func() ([]byte, error) { return func() ([]byte, error) { return b, err } }
	f, err := safetensors.NewFile("other", "x.other", []safetensors.Tensor{
		safetensors.NewTensor("bias", "F32", tensor.Shape{}, give(make([]byte, 4), nil)),
		safetensors.NewTensor("short", "F32", tensor.Shape{2}, give(make([]byte, 4), nil)),
		safetensors.NewTensor("lost", "F16", tensor.Shape{2}, give(nil, io.ErrUnexpectedEOF)),
		safetensors.NewTensor("odd", "?", tensor.Shape{2}, give([]byte{1}, nil)),
	}, closer{errors.New("busy")})
	require.NoError(t, err)
	x, err := f.Tensor("bias")
	require.NoError(t, err)
	v, err := x.Float32()
	require.NoError(t, err)
	require.Equal(t, []float32{0}, v.Data())
	for name, want := range map[string]string{
		"short": `other: x.other: tensor "short": 4 bytes for F32 of shape [2]`, "lost": `other: x.other: tensor "lost": unexpected EOF`,
		"odd": `other: x.other: tensor "odd" has values of type ?`, "none": `other: x.other: no tensor "none"`,
	} {
		x, err := f.Tensor(name)
		if err == nil {
			_, err = x.Float32()
		}
		require.ErrorContains(t, err, want)
	}
	p, err := f.LoadPartial(showing(func(v nn.Visitor) { v.Buffer("bias", tensor.Scalar(3)) }))
	require.NoError(t, err)
	require.Len(t, p.Unexpected, 3)
	require.EqualError(t, f.Close(), "other: busy")

	_, err = safetensors.NewFile("other", "", []safetensors.Tensor{f.Tensors[0], f.Tensors[0]}, nil)
	require.EqualError(t, err, `other: the file names "bias" twice`)
}

func TestFileShape(t *testing.T) {
	m := newModel(t)
	shapes := map[string]string{}
	for _, e := range nn.Entries(m) {
		s, err := safetensors.FileShape(e)
		if err != nil {
			shapes[e.Path] = err.Error()
			continue
		}
		shapes[e.Path] = s.String()
	}
	require.Equal(t, map[string]string{"sub.note": `safetensors: "sub.note" is neither a parameter nor a buffer`, "sub.conv": "[2 2 1 3]",
		"bias": "[0]", "mean": "[3]", "scalar": "[]"}, shapes)
	m.conv.Value = tensor.New(3)
	_, err := safetensors.FileShape(nn.Params(m)[0])
	require.ErrorContains(t, err, `"sub.conv" of shape [3] is no convolution's weight`)
}

// Weights from anywhere, here from a slice, load into a model by its names.
func ExampleNewFile() {
	weight := func() ([]byte, error) {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.5)), nil
	}
	f, err := safetensors.NewFile("slices", "", []safetensors.Tensor{safetensors.NewTensor("weight", "F32", tensor.Shape{1, 1}, weight)}, nil)
	if err != nil {
		panic(err)
	}
	model := linear(1, 1)
	p, err := f.LoadPartial(model)
	fmt.Println(model.Weight.Value.Data(), p.Missing, err)
	// Output: [0.5] [bias] <nil>
}
