package safetensors

import (
	"cmp"
	"slices"

	"github.com/longtail-ml/longtail/internal/memory"
	"github.com/longtail-ml/longtail/tensor"
)

// Tensor is one tensor of a file.
type Tensor struct {
	Name  string
	DType string       // as in the file: "F32", "BF16", "I64", …
	Shape tensor.Shape // as in the file: convolution weights are [O, I, KH, KW]

	file       *File
	begin, end int64                  // of its values in the file's data
	read       func() ([]byte, error) // of a tensor that lies elsewhere
}

// Tensor returns the tensor of that name. It is an error if the file has none.
func (f *File) Tensor(name string) (Tensor, error) {
	i := slices.IndexFunc(f.Tensors, func(t Tensor) bool { return t.Name == name })
	if i >= 0 {
		return f.Tensors[i], nil
	}
	var names []string
	for _, t := range f.Tensors {
		names = append(names, t.Name)
	}
	return Tensor{}, f.errorf("no tensor %q: the file has %s", name, cmp.Or(list("tensors", names), "none"))
}

// Bytes returns the values as they lie in the file, little endian and row-major, whatever their type: binary.Decode makes
// integers of them, and a BOOL is one byte, 0 or 1.
func (t Tensor) Bytes() ([]byte, error) {
	if t.read != nil {
		return t.readBytes()
	}
	if !memory.Has(t.end - t.begin) {
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
	n := int64(len(raw)) / sizes[t.DType]
	if !memory.Has(4 * n) {
		return nil, t.file.errorf("tensor %q: its %d values do not fit this machine's memory", t.Name, n)
	}
	v := make([]float32, n)
	decode(v, raw)
	x, err := tensor.FromSlice(v, t.Shape...) // may refuse a shape that a file may have, such as [2⁵⁰, 0]
	if err != nil {
		return nil, t.file.errorf("tensor %q: %w", t.Name, err)
	}
	return x, nil
}
