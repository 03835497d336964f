package pytorch

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/longtail-ml/longtail/internal/memory"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

// values reads a range of the bytes of a storage.
type values func(from, to int64) ([]byte, error)

// tensorsOf returns the tensors within value, named by the keys of the dicts and the places in the lists they are in.
func tensorsOf(value any, open func(s *storage) (values, error)) ([]safetensors.Tensor, error) {
	w := walk{open: open, opened: map[*storage]values{}, items: 1 << 18, names: 16 << 20}
	if a, ok := value.(*array); ok {
		value = &dict{keys: []string{"tensor"}, text: map[string]any{"tensor": a}}
	}
	if err := w.visit("", value, 0); err != nil {
		return nil, err
	}
	if len(w.tensors) == 0 {
		return nil, errors.New("no tensor is in the file: save model.state_dict()")
	}
	return w.tensors, nil
}

type walk struct {
	open    func(s *storage) (values, error)
	opened  map[*storage]values
	tensors []safetensors.Tensor
	items   int // that may still be visited, and bytes that names may take: dicts can hold one another many times over
	names   int
}

func (w *walk) visit(name string, value any, depth int) error {
	const deepest = 32
	w.items, w.names = w.items-1, w.names-len(name)
	if w.items < 0 || w.names < 0 || depth > deepest {
		return fmt.Errorf("at %q dicts and lists are nested deeper or more often than a file of tensors would be", name)
	}
	within := func(key string, v any) error {
		if name != "" {
			key = name + "." + key
		}
		return w.visit(key, v, depth+1)
	}
	switch v := value.(type) {
	case *dict:
		for _, key := range v.keys {
			if err := within(key, v.text[key]); err != nil {
				return err
			}
		}
	case *list:
		return each(v.items, within)
	case tuple:
		return each(v, within)
	case *array:
		return w.add(name, v)
	}
	return nil
}

func each(items []any, visit func(key string, v any) error) error {
	for i, v := range items {
		if err := visit(strconv.Itoa(i), v); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) add(name string, a *array) error {
	read := w.opened[a.storage]
	if read == nil {
		var err error
		if read, err = w.open(a.storage); err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		w.opened[a.storage] = read
	}
	shape := make(tensor.Shape, len(a.shape))
	for i, n := range a.shape {
		shape[i] = int(n)
	}
	w.tensors = append(w.tensors, safetensors.NewTensor(name, a.storage.dtype, shape, func() ([]byte, error) { return a.bytes(read) }))
	return nil
}

// bytes returns the values in row-major order.
func (a *array) bytes(read values) ([]byte, error) {
	size := sizes[a.storage.dtype]
	count, last, contiguous := int64(1), a.offset, true
	for i := len(a.shape) - 1; i >= 0; i-- {
		n := a.shape[i]
		contiguous = contiguous && (n == 1 || a.stride[i] == count)
		count *= n
		last += max(n-1, 0) * a.stride[i]
	}
	if count == 0 {
		return []byte{}, nil
	}
	if (last+1-a.offset)*size < 0 || !memory.Has((last+1-a.offset)*size) {
		return nil, fmt.Errorf("its values, from %d to %d of storage %q, do not fit this machine's memory", a.offset, last, a.storage.key)
	}
	span, err := read(a.offset*size, (last+1)*size)
	if err != nil || contiguous {
		return span, err
	}
	out := make([]byte, 0, count*size)
	var gather func(axis int, at int64)
	gather = func(axis int, at int64) {
		if axis == len(a.shape) {
			out = append(out, span[at*size:(at+1)*size]...)
			return
		}
		for i := range a.shape[axis] {
			gather(axis+1, at+i*a.stride[axis])
		}
	}
	gather(0, 0)
	return out, nil
}
