package safetensors

import (
	"errors"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/tensor"
)

// apply changes the model: first it does all that can fail, then it copies tensors.
func (f *File) apply(m *match) error {
	values := make([]*tensor.Tensor, len(m.both))
	of := map[*tensor.Tensor]int{} // the first pair of each of the model's tensors
	for i, p := range m.both {
		if p.State != nil {
			continue
		}
		var err error
		if values[i], err = p.from.Float32(); err != nil {
			return err
		}
		first, shared := of[p.Tensor()]
		if !shared {
			of[p.Tensor()] = i
		} else if !sameBits(values[first].Data(), values[i].Data()) {
			return f.errorf("%q and %q are one tensor in the model, but differ in the file", m.both[first].from.name, p.from.name)
		}
	}
	if err := f.applyStates(m); err != nil {
		return err
	}
	for i, p := range m.both {
		if p.State == nil {
			fromFile(p.Entry, values[i].Data())
		}
	}
	return nil
}

// applyStates sets all states, or puts back what was there when one refuses its bytes.
func (f *File) applyStates(m *match) error {
	var bytes, before [][]byte
	var pairs []pair
	for _, p := range m.both {
		if p.State == nil {
			continue
		}
		b, err := p.from.Bytes()
		if err != nil {
			return err
		}
		old, err := p.State.MarshalBinary()
		if err != nil {
			return f.errorf("state %q: %w", p.from.name, err)
		}
		pairs, bytes, before = append(pairs, p), append(bytes, b), append(before, slices.Clone(old))
	}
	for i, p := range pairs {
		err := p.State.UnmarshalBinary(bytes[i])
		if err == nil {
			continue
		}
		for j := i; j >= 0; j-- {
			err = errors.Join(err, pairs[j].State.UnmarshalBinary(before[j]))
		}
		return f.errorf("state %q: %w", p.from.name, err)
	}
	return nil
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}
