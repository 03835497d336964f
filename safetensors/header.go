package safetensors

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/longtail-ml/longtail/tensor"
)

const metadataName = "__metadata__"

// sizes are the bytes of one value of each type. Of types not listed here only the place in the file is checked.
var sizes = map[string]int64{
	"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
	"I8": 1, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}

// info is a tensor's entry in the header. Pointers tell what is absent.
type info struct {
	DType   *string
	Shape   []int64
	Offsets []int64
}

// UnmarshalJSON takes names as they are written: for encoding/json DType is dtype too.
func (e *info) UnmarshalJSON(text []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	read := func(name string, to any) error {
		if field, ok := fields[name]; ok {
			if err := json.Unmarshal(field, to); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
	return cmp.Or(read("dtype", &e.DType), read("shape", &e.Shape), read("data_offsets", &e.Offsets))
}

// parse reads the entries of the header one by one, since encoding/json would keep the last of two equal names.
func (f *File) parse(header []byte) error {
	if !utf8.Valid(header) {
		return f.errorf("the header is not valid UTF-8: the file is damaged")
	}
	d := json.NewDecoder(bytes.NewReader(header))
	if _, err := d.Token(); err != nil {
		return f.badJSON(err)
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return f.badJSON(err)
		}
		name := key.(string) // the decoder accepts nothing else here
		if seen[name] {
			return f.errorf("the header names %q twice", name)
		}
		seen[name] = true
		if name == metadataName {
			if err := d.Decode(&f.Metadata); err != nil {
				return f.errorf("the header's %s must be an object of strings: %w", metadataName, err)
			}
			continue
		}
		var e info
		if err := d.Decode(&e); err != nil {
			return f.errorf("the header's entry of tensor %q: %w", name, err)
		}
		t, err := e.tensor(name)
		if err != nil {
			return f.errorf("tensor %q: %w", name, err)
		}
		f.Tensors = append(f.Tensors, t)
	}
	if _, err := d.Token(); err != nil {
		return f.badJSON(err)
	}
	if rest := bytes.TrimLeft(header[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return f.errorf("%d bytes follow the header's last brace: only spaces may", len(rest))
	}
	return nil
}

func (f *File) badJSON(err error) error {
	return f.errorf("the header is not valid JSON: %w: the file is damaged", err)
}

// tensor checks one entry by itself.
func (e info) tensor(name string) (Tensor, error) {
	switch {
	case e.DType == nil:
		return Tensor{}, fmt.Errorf("the header gives no dtype")
	case e.Shape == nil:
		return Tensor{}, fmt.Errorf("the header gives no shape")
	case len(e.Offsets) != 2:
		return Tensor{}, fmt.Errorf("data_offsets must be [begin, end], not %d numbers", len(e.Offsets))
	}
	t := Tensor{Name: name, DType: *e.DType, Shape: make(tensor.Shape, len(e.Shape)), begin: e.Offsets[0], end: e.Offsets[1]}
	if t.begin < 0 || t.end < t.begin {
		return Tensor{}, fmt.Errorf("data_offsets %v must be 0 ≤ begin ≤ end", e.Offsets)
	}
	size, known := sizes[t.DType]
	size = max(size, 1) // of another type the values are counted, not their bytes
	empty := false
	for i, d := range e.Shape {
		switch {
		case d < 0:
			return Tensor{}, fmt.Errorf("shape %v has a negative dimension", e.Shape)
		case d == 0:
			empty = true
		case d > math.MaxInt || size > math.MaxInt64/d:
			return Tensor{}, fmt.Errorf("shape %v has more values than can be counted", e.Shape)
		default:
			size *= d
		}
		t.Shape[i] = int(d)
	}
	if empty {
		size = 0
	}
	if known && t.end-t.begin != size {
		return Tensor{}, fmt.Errorf("%s of shape %v takes %d bytes, but data_offsets %v hold %d",
			t.DType, t.Shape, size, e.Offsets, t.end-t.begin)
	}
	return t, nil
}

// checkOffsets sorts the tensors by their place and checks that they fill exactly the bytes of data.
func (f *File) checkOffsets(data int64) error {
	slices.SortStableFunc(f.Tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at, before := int64(0), "the header"
	for _, t := range f.Tensors {
		switch {
		case t.begin < at:
			return f.errorf("tensor %q begins at offset %d, within %s, which ends at %d", t.Name, t.begin, before, at)
		case t.begin > at:
			return f.errorf("%d bytes between %s and tensor %q, at offset %d, belong to no tensor",
				t.begin-at, before, t.Name, at)
		}
		at, before = t.end, fmt.Sprintf("tensor %q", t.Name)
	}
	switch {
	case at > data:
		return f.errorf("truncated: the header says %d bytes of tensors, the file has %d: the copy is incomplete", at, data)
	case at < data:
		return f.errorf("%d bytes follow the last tensor, at offset %d: the file is damaged", data-at, at)
	}
	return nil
}
