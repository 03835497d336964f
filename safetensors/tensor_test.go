package safetensors_test

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

func TestTensorsOfEachType(t *testing.T) {
	f, err := read(file(`{"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},
		"h":{"dtype":"F16","shape":[2,1],"data_offsets":[16,20]},
		"b":{"dtype":"BF16","shape":[1],"data_offsets":[20,22]},
		"i":{"dtype":"I64","shape":[],"data_offsets":[22,30]},
		"odd":{"dtype":"F4","shape":[3],"data_offsets":[30,32],"note":{"any":[1]}}}`,
		0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x80, // 1.5, −0
		0, 0x3c, 1, 0x80, // 1, −2⁻²⁴
		0x80, 0x3f, // 1
		7, 0, 0, 0, 0, 0, 0, 0, 9, 8))
	require.NoError(t, err)
	want := [][]float32{{1.5, float32(math.Copysign(0, -1))}, {1, -1.0 / (1 << 24)}, {1}}
	shapes := []tensor.Shape{{2}, {2, 1}, {1}}
	for i := range want {
		x, err := f.Tensors[i].Float32()
		require.NoError(t, err)
		require.Equal(t, values(t, want[i], shapes[i]...), x)
	}
	for i, dtype := range []string{"I64", "F4"} {
		_, err = f.Tensors[3+i].Float32()
		require.EqualError(t, err, `safetensors: tensor "`+f.Tensors[3+i].Name+`" has values of type `+dtype+
			`: only F32, F64, F16 and BF16 are read as float32: convert it first`)
	}
	raw, err := f.Tensors[4].Bytes()
	require.NoError(t, err)
	require.Equal(t, []byte{9, 8}, raw)
}

// Every other type is read as bytes.
func TestBytesOfEachType(t *testing.T) {
	f, err := read(file(`{"long":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"int":{"dtype":"I32","shape":[1,2],"data_offsets":[8,16]},
		"byte":{"dtype":"U8","shape":[3],"data_offsets":[16,19]},"truth":{"dtype":"BOOL","shape":[],"data_offsets":[19,20]}}`,
		0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0x80, 7, 8, 9, 1))
	require.NoError(t, err)
	var long [1]int64
	var ints [2]int32
	for _, c := range []struct {
		name, dtype string
		shape       tensor.Shape
		raw         []byte
		into        any
	}{
		{"long", "I64", tensor.Shape{1}, []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, long[:]},
		{"int", "I32", tensor.Shape{1, 2}, []byte{1, 0, 0, 0, 0, 0, 0, 0x80}, ints[:]},
		{"byte", "U8", tensor.Shape{3}, []byte{7, 8, 9}, nil},
		{"truth", "BOOL", tensor.Shape{}, []byte{1}, nil},
	} {
		x, err := f.Tensor(c.name)
		require.NoError(t, err)
		require.Equal(t, c.dtype, x.DType)
		require.Equal(t, c.shape, x.Shape)
		raw, err := x.Bytes()
		require.NoError(t, err)
		require.Equal(t, c.raw, raw)
		if c.into != nil {
			_, err := binary.Decode(raw, binary.LittleEndian, c.into)
			require.NoError(t, err)
		}
		_, err = x.Float32()
		require.ErrorContains(t, err, `tensor "`+c.name+`" has values of type `+c.dtype)
	}
	require.Equal(t, int64(-2), long[0])
	require.Equal(t, [2]int32{1, math.MinInt32}, ints)
}

func TestATensorThatTheFileLacks(t *testing.T) {
	f, err := read(written(t, newModel(t), nil))
	require.NoError(t, err)
	_, err = f.Tensor("conv")
	require.EqualError(t, err, `safetensors: no tensor "conv": the file has 5 tensors (sub.conv, bias, mean, scalar, sub.note)`)
	f, err = read(file("{}"))
	require.NoError(t, err)
	_, err = f.Tensor("")
	require.EqualError(t, err, `safetensors: no tensor "": the file has none`)
}

// A shape without values may have any other extent: nothing overflows, panics or takes memory.
func TestLargeExtentsBesideZero(t *testing.T) {
	for _, shape := range []string{"[1125899906842624,0]", "[0,1125899906842624]", "[1048576,0,1048576]", "[0,2097152,2097152]"} {
		b := file(`{"x":{"dtype":"F32","shape":` + shape + `,"data_offsets":[0,0]}}`)
		f, err := read(b)
		if strconv.IntSize == 32 && strings.Contains(shape, "1125899906842624") {
			require.ErrorContains(t, err, "has more values than can be counted")
			continue
		}
		require.NoError(t, err, shape)
		raw, err := f.Tensors[0].Bytes()
		require.NoError(t, err)
		require.Empty(t, raw)
		x, err := f.Tensors[0].Float32()
		if err != nil {
			require.ErrorContains(t, err, `safetensors: tensor "x": `)
		} else {
			require.Equal(t, f.Tensors[0].Shape, x.Shape())
			require.Zero(t, x.Len())
		}
		small := showing(func(v nn.Visitor) { v.Buffer("x", tensor.New(0)) })
		require.ErrorContains(t, f.Load(small), "of another shape (x is "+strings.ReplaceAll(shape, ",", " ")+" in the file")
	}
}
