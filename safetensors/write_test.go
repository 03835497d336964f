package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

func TestBytesOfAFile(t *testing.T) {
	var n note = "ab"
	got := written(t, showing(func(v nn.Visitor) {
		v.State("n", &n)
		v.Buffer("x", values(t, []float32{1, -2}, 2, 1))
		v.Buffer("s", tensor.Scalar(0.5))
	}), map[string]string{"k": "v", "a": "é"})
	header := `{"__metadata__":{"a":"é","k":"v"},` +
		`"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},` +
		`"s":{"dtype":"F32","shape":[],"data_offsets":[8,12]},` +
		`"n":{"dtype":"U8","shape":[2],"data_offsets":[12,14]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	require.Equal(t, string(file(header, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f, 'a', 'b')), string(got))
}

func TestNothingToWrite(t *testing.T) {
	b := written(t, showing(func(nn.Visitor) {}), nil)
	require.Equal(t, string(file("{}      ")), string(b))
	f, err := read(b)
	require.NoError(t, err)
	require.Nil(t, f.Metadata)
	require.Empty(t, f.Tensors)
}

func TestConvolutionWeightsLieAsOIHW(t *testing.T) {
	m := newModel(t) // [KH 1, KW 3, I 2, O 2], counting up
	f, err := read(written(t, m, nil))
	require.NoError(t, err)
	require.Equal(t, "sub.conv", f.Tensors[0].Name)
	require.Equal(t, tensor.Shape{2, 2, 1, 3}, f.Tensors[0].Shape)
	x, err := f.Tensors[0].Float32()
	require.NoError(t, err)
	require.Equal(t, []float32{0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11}, x.Data())
}

func TestWhatCannotBeWritten(t *testing.T) {
	x := tensor.New(2)
	for want, m := range map[string]showing{
		`safetensors: the model shows two things as "x": each needs a path of its own`: func(v nn.Visitor) {
			v.Buffer("x", x)
			v.Buffer("x", x)
		},
		`safetensors: the model's path "__metadata__" cannot be a tensor's name`: func(v nn.Visitor) { v.Buffer("__metadata__", x) },
		`safetensors: the model's path "\xff" cannot be a tensor's name`:         func(v nn.Visitor) { v.Buffer("\xff", x) },
		`safetensors: the model shows "x" without a value`:                       func(v nn.Visitor) { v.Buffer("x", nil) },
		`safetensors: state "x": has no bytes`:                                   func(v nn.Visitor) { v.State("x", mute{}) },
		`safetensors: "x" of shape [2] is no convolution's weight [KH, KW, I, O]`: func(v nn.Visitor) {
			p := newModel(t).bias
			p.Value = x
			v.ParamAs("x", p, nn.HWIO)
		},
	} {
		require.EqualError(t, safetensors.Write(io.Discard, m, nil), want)
	}
	require.EqualError(t, safetensors.Write(io.Discard, newModel(t), map[string]string{"k": "\xff"}),
		`safetensors: the metadata "k": "\xff" is not valid UTF-8: encode it as text first`)
}

// mute is state that has no bytes.
type mute struct{ note }

func (mute) MarshalBinary() ([]byte, error)    { return nil, errors.New("has no bytes") }
func (mute) UnmarshalBinary(data []byte) error { return nil }

// full is a writer with room for so many bytes.
type full int

func (f *full) Write(b []byte) (int, error) {
	if *f -= full(len(b)); *f < 0 {
		return 0, errors.New("disk full")
	}
	return len(b), nil
}

func TestErrorsOfTheWriterAreReturned(t *testing.T) {
	m := newModel(t)
	size := len(written(t, m, nil))
	for room := range size {
		w := full(room)
		require.ErrorContains(t, safetensors.Write(&w, m, nil), "disk full", "room %d", room)
	}
	w := full(10)
	require.EqualError(t, safetensors.Write(&w, m, nil), "safetensors: writing the header: disk full")
	w = full(size - 6)
	require.EqualError(t, safetensors.Write(&w, m, nil), `safetensors: writing "scalar": disk full`)
}

func TestLargeTensors(t *testing.T) {
	x := tensor.New(3, 20000)
	for i := range x.Data() {
		x.Data()[i] = float32(math.Sin(float64(i)))
	}
	f, err := read(written(t, showing(func(v nn.Visitor) { v.Buffer("x", x) }), nil))
	require.NoError(t, err)
	y, err := f.Tensors[0].Float32()
	require.NoError(t, err)
	require.Equal(t, x, y)
}

// The values that can be hashed are what follows the header of a file.
func TestWriteValuesIsAFileWithoutItsHeader(t *testing.T) {
	m := newModel(t)
	var values bytes.Buffer
	require.NoError(t, safetensors.WriteValues(&values, m))
	file := written(t, m, map[string]string{"a": "b"})
	require.Equal(t, file[8+binary.LittleEndian.Uint64(file):], values.Bytes())
	w := full(values.Len() - 1)
	require.EqualError(t, safetensors.WriteValues(&w, m), "safetensors: writing state: disk full")
	require.ErrorContains(t, safetensors.WriteValues(&w, showing(func(v nn.Visitor) { v.State("s", nil) })), `safetensors: the model shows "s" without a value`)
}
