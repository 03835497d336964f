// Package tensor holds the one array type of the library: a shape and contiguous float32 values in row-major order.
//
// Images are NHWC (sample, row, column, channel), as Go's image package lays pixels out. Scalars have an empty shape
// and one value. A Tensor is plain memory: it knows nothing of gradients (package autograd) and does no arithmetic.
//
// Mistakes of shape panic with *Error, since the caller could have checked; Try turns such a panic into an error.
package tensor

import (
	"slices"

	"github.com/longtail-ml/longtail/internal/memory"
)

// Tensor is a dense float32 array. Reshape and Rows return views that share its memory.
type Tensor struct {
	shape Shape
	data  []float32
}

// New returns a tensor of zeros. New() is a scalar. It panics with *Error if a dimension is negative, or if there is not so
// much memory.
func New(shape ...int) *Tensor {
	s := Shape(shape).clone()
	s.check("tensor.New")
	if !memory.Has(4 * int64(s.Len())) {
		panic(&Error{Op: "tensor.New", Shapes: []Shape{s}, Detail: "more values than memory can hold"})
	}
	return &Tensor{shape: s, data: make([]float32, s.Len())}
}

// FromSlice returns a tensor over v, which it keeps and does not copy. It is an error if len(v) is not the product of
// the dimensions.
func FromSlice(v []float32, shape ...int) (*Tensor, error) {
	s := Shape(shape).clone()
	if err := s.invalid("tensor.FromSlice"); err != nil {
		return nil, err
	}
	if s.Len() != len(v) {
		return nil, &Error{Op: "tensor.FromSlice", Shapes: []Shape{s}, Detail: lengthDetail(len(v), s.Len())}
	}
	return &Tensor{shape: s, data: v}, nil
}

// Scalar returns a tensor of empty shape that holds v.
func Scalar(v float32) *Tensor { return &Tensor{data: []float32{v}} }

// Shape returns the dimensions. The caller must not change them.
func (t *Tensor) Shape() Shape { return t.shape }

// Data returns the values, row-major. They are the tensor's own memory: writing to them changes the tensor.
func (t *Tensor) Data() []float32 { return t.data }

// Len returns the number of values.
func (t *Tensor) Len() int { return len(t.data) }

// Dim returns dimension i; a negative i counts from the last. It panics with *Error if there is no such dimension.
func (t *Tensor) Dim(i int) int {
	at := i
	if at < 0 {
		at += len(t.shape)
	}
	if at < 0 || at >= len(t.shape) {
		panic(&Error{Op: "tensor.Dim", Shapes: []Shape{t.shape}, Detail: noDimensionDetail(i)})
	}
	return t.shape[at]
}

// Item returns the value of a tensor that holds exactly one. It panics with *Error otherwise.
func (t *Tensor) Item() float32 {
	if len(t.data) != 1 {
		panic(&Error{Op: "tensor.Item", Shapes: []Shape{t.shape}, Detail: "needs exactly one value"})
	}
	return t.data[0]
}

// Reshape returns a view of the same values under another shape. It panics with *Error if their number differs.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	s := Shape(shape).clone()
	s.check("tensor.Reshape")
	if s.Len() != len(t.data) {
		panic(&Error{Op: "tensor.Reshape", Shapes: []Shape{t.shape, s}, Detail: lengthDetail(len(t.data), s.Len())})
	}
	return &Tensor{shape: s, data: t.data}
}

// Rows returns a view of entries from ≤ i < to along the first dimension. It panics with *Error if they are not all
// there.
func (t *Tensor) Rows(from, to int) *Tensor {
	if len(t.shape) == 0 || from < 0 || to < from || to > t.shape[0] {
		panic(&Error{Op: "tensor.Rows", Shapes: []Shape{t.shape}, Detail: rowsDetail(from, to)})
	}
	s := t.shape.clone()
	s[0] = to - from
	width := s[1:].Len()
	return &Tensor{shape: s, data: t.data[from*width : to*width : to*width]}
}

// Clone returns a copy with memory of its own.
func (t *Tensor) Clone() *Tensor {
	return &Tensor{shape: t.shape.clone(), data: slices.Clone(t.data)}
}

// CopyFrom overwrites the values with those of src. It panics with *Error if the shapes differ.
func (t *Tensor) CopyFrom(src *Tensor) {
	if !t.shape.Equal(src.shape) {
		panic(&Error{Op: "tensor.CopyFrom", Shapes: []Shape{t.shape, src.shape}, Detail: "shapes differ"})
	}
	copy(t.data, src.data)
}

// Zero sets every value to 0.
func (t *Tensor) Zero() { clear(t.data) }
