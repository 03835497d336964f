package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/internal/half"
	"github.com/longtail-ml/longtail/tensor"
)

// sizes are those of elements in raw data, in bytes.
var sizes = map[elementKind]int{float32s: 4, uint8s: 1, int32s: 4, int64s: 8, bools: 1, float16s: 2, float64s: 8, bfloat16s: 2}

// count is the number of values, which are all there.
func (a *array) count() (int, error) {
	if a.external {
		return 0, fmt.Errorf("the values of %q are in another file, which is not supported: save the model as one file (onnx.save_model(…, save_as_external_data=False))", a.name)
	}
	size, ok := sizes[a.kind]
	if !ok {
		return 0, fmt.Errorf("%q has values of ONNX's type %d, which is not supported: float, double, half and whole numbers are", a.name, a.kind)
	}
	there := len(a.floats) + len(a.ints)
	if there == 0 {
		there = len(a.raw) / size
	}
	n := 1.0
	for _, d := range a.dims {
		if d < 0 {
			return 0, fmt.Errorf("%q has the shape %v, which is negative", a.name, a.dims)
		}
		n *= float64(d)
	}
	if n != float64(there) || len(a.raw)%size != 0 {
		return 0, fmt.Errorf("%q of shape %v has %d values: the file is damaged", a.name, a.dims, there)
	}
	return there, nil
}

func (a *array) shape() tensor.Shape {
	s := tensor.Shape{}
	for _, d := range a.dims {
		s = append(s, int(d))
	}
	return s
}

// float32s returns the values of a tensor of numbers that need not be whole.
func (a *array) float32s() (*tensor.Tensor, error) {
	n, err := a.count()
	if err != nil {
		return nil, err
	}
	v := slices.Clone(a.floats)
	if len(v) == 0 {
		v = make([]float32, n)
		for i := range v {
			switch {
			case a.kind == float32s && a.ints == nil:
				v[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.raw[4*i:]))
			case a.kind == float64s && a.ints == nil:
				v[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(a.raw[8*i:])))
			case a.kind == float16s:
				v[i] = half.Float32(uint16(a.bits(i)))
			case a.kind == bfloat16s:
				v[i] = math.Float32frombits(uint32(uint16(a.bits(i))) << 16)
			default:
				return nil, fmt.Errorf("%q has whole numbers, where others are wanted", a.name)
			}
		}
	}
	return tensor.FromSlice(v, a.shape()...)
}

// whole returns whole numbers.
func (a *array) whole() ([]int64, error) {
	n, err := a.count()
	if err != nil {
		return nil, err
	}
	if len(a.floats) > 0 || a.kind != uint8s && a.kind != int32s && a.kind != int64s && a.kind != bools {
		return nil, fmt.Errorf("%q has numbers of ONNX's type %d, where whole ones are wanted", a.name, a.kind)
	}
	v := make([]int64, n)
	for i := range v {
		v[i] = a.bits(i)
	}
	return v, nil
}

// bits returns value i as it is stored in ints, or in raw bytes.
func (a *array) bits(i int) int64 {
	if a.ints != nil {
		return a.ints[i]
	}
	switch a.kind {
	case int64s:
		return int64(binary.LittleEndian.Uint64(a.raw[8*i:]))
	case int32s:
		return int64(int32(binary.LittleEndian.Uint32(a.raw[4*i:])))
	case float16s, bfloat16s:
		return int64(binary.LittleEndian.Uint16(a.raw[2*i:]))
	}
	return int64(a.raw[i])
}
