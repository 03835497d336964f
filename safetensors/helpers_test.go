package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

// showing is a Visitable of whatever the function shows.
type showing func(v nn.Visitor)

func (s showing) Visit(v nn.Visitor) { s(v) }

// note is state of any bytes but "bad".
type note string

func (n *note) MarshalBinary() ([]byte, error) { return []byte(*n), nil }

func (n *note) UnmarshalBinary(b []byte) error {
	*n = note(b)
	if *n == "bad" {
		return errors.New("cannot be bad")
	}
	return nil
}

func values(t testing.TB, v []float32, shape ...int) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v, shape...)
	require.NoError(t, err)
	return x
}

// model has one of everything.
type model struct {
	conv, bias *autograd.Param
	mean       *tensor.Tensor
	scalar     *tensor.Tensor
	note       note
}

func newModel(t testing.TB) *model {
	m := &model{conv: autograd.NewParam(tensor.New(1, 3, 2, 2)), scalar: tensor.Scalar(5), note: "hello",
		mean: values(t, []float32{float32(math.Copysign(0, -1)), float32(math.Inf(1)), math.Float32frombits(0x7fa12345)}, 3),
		bias: autograd.NewParam(tensor.New(0))}
	for i := range m.conv.Value.Data() {
		m.conv.Value.Data()[i] = float32(i)
	}
	return m
}

func (m *model) Visit(v nn.Visitor) {
	v.Sub("sub", showing(func(v nn.Visitor) {
		v.State("note", &m.note)
		v.ParamAs("conv", m.conv, nn.HWIO)
	}))
	v.Param("bias", m.bias)
	v.Buffer("mean", m.mean)
	v.Buffer("scalar", m.scalar)
}

// clear makes every value of m another.
func (m *model) clear() {
	for _, x := range nn.Tensors(m) {
		for i := range x.Data() {
			x.Data()[i] = -77
		}
	}
	m.note = "cleared"
}

// bits returns the whole state of m.
func (m *model) bits() (all []uint32) {
	for _, x := range nn.Tensors(m) {
		for _, v := range x.Data() {
			all = append(all, math.Float32bits(v))
		}
	}
	for _, b := range []byte(m.note) {
		all = append(all, uint32(b))
	}
	return all
}

func written(t testing.TB, m nn.Visitable, metadata map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, safetensors.Write(&buf, m, metadata))
	return buf.Bytes()
}

func read(b []byte) (*safetensors.File, error) {
	return safetensors.Read(bytes.NewReader(b), int64(len(b)))
}

// file is a safetensors file of the given header and data.
func file(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}
