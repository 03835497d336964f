package safetensors

import (
	"math"

	"github.com/longtail-ml/longtail/tensor"
)

// Tensor is one tensor of a file.
type Tensor struct {
	Name  string
	DType string       // as in the file: "F32", "BF16", "I64", …
	Shape tensor.Shape // as in the file: convolution weights are [O, I, KH, KW]

	file       *File
	begin, end int64 // of its values in the file's data
}

// Bytes returns the values as they lie in the file, little endian and row-major.
func (t Tensor) Bytes() ([]byte, error) {
	if t.end-t.begin > math.MaxInt {
		return nil, t.file.errorf("tensor %q: its %d bytes do not fit this machine's memory", t.Name, t.end-t.begin)
	}
	b := make([]byte, t.end-t.begin)
	if err := readFull(t.file.r, b, t.file.data+t.begin); err != nil {
		return nil, t.file.errorf("tensor %q: reading %d bytes at offset %d: %w", t.Name, len(b), t.file.data+t.begin, err)
	}
	return b, nil
}

// Float32 returns the values of a tensor of type F32, F64, F16 or BF16; any other type is an error. F64 is rounded.
func (t Tensor) Float32() (*tensor.Tensor, error) {
	decode := decoders[t.DType]
	if decode == nil {
		return nil, t.file.errorf("tensor %q has values of type %s: only F32, F64, F16 and BF16 are read as float32: "+
			"convert it first", t.Name, t.DType)
	}
	raw, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	v := make([]float32, int64(len(raw))/sizes[t.DType])
	decode(v, raw)
	x, err := tensor.FromSlice(v, t.Shape...) // may refuse a shape that a file may have, such as [2⁵⁰, 0]
	if err != nil {
		return nil, t.file.errorf("tensor %q: %w", t.Name, err)
	}
	return x, nil
}
