package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Write writes the state of m to w as a safetensors file with the given metadata, which may be nil. A parameter that m
// shows under two paths is written under both.
func Write(w io.Writer, m nn.Visitable, metadata map[string]string) error {
	if err := write(w, m, metadata); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

// WriteValues writes the values of m to w as they lie in a file, behind its header: to hash them for the metadata, which
// comes before them.
func WriteValues(w io.Writer, m nn.Visitable) error {
	c, err := contentOf(m)
	if err == nil {
		err = c.write(w)
	}
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

func write(w io.Writer, m nn.Visitable, metadata map[string]string) error {
	c, err := contentOf(m)
	if err != nil {
		return err
	}
	var h header
	if err := h.metadata(metadata); err != nil {
		return err
	}
	for _, e := range c.tensors {
		h.add(e.Path, "F32", fileShape(e), 4*int64(e.Tensor().Len()))
	}
	for i, e := range c.states {
		h.add(e.Path, "U8", tensor.Shape{len(c.bytes[i])}, int64(len(c.bytes[i])))
	}
	raw, err := h.bytes()
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	return c.write(w)
}

// content is what a file holds. Bytes come after the tensors, which so stay aligned.
type content struct {
	tensors, states []nn.Entry
	bytes           [][]byte // of states
}

func contentOf(m nn.Visitable) (c content, err error) {
	all, err := entries(m)
	if err != nil {
		return c, err
	}
	for _, e := range all {
		if e.State == nil {
			c.tensors = append(c.tensors, e)
			continue
		}
		b, err := e.State.MarshalBinary()
		if err != nil {
			return c, fmt.Errorf("state %q: %w", e.Path, err)
		}
		c.states, c.bytes = append(c.states, e), append(c.bytes, b)
	}
	return c, nil
}

func (c content) write(w io.Writer) error {
	for _, e := range c.tensors {
		if err := writeFloats(w, toFile(e)); err != nil {
			return fmt.Errorf("writing %q: %w", e.Path, err)
		}
	}
	if _, err := w.Write(bytes.Join(c.bytes, nil)); err != nil {
		return fmt.Errorf("writing state: %w", err)
	}
	return nil
}

// header is the JSON header in the making.
type header struct {
	json []byte // entries, each followed by a comma
	end  int64  // of the last tensor in the data
}

func (h *header) metadata(m map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(m)) { // so that the error is the same each time
		if v := m[k]; !utf8.ValidString(k) || !utf8.ValidString(v) {
			return fmt.Errorf("the metadata %q: %q is not valid UTF-8: encode it as text first", k, v)
		}
	}
	if len(m) > 0 {
		h.entry(metadataName, m)
	}
	return nil
}

func (h *header) add(name, dtype string, shape tensor.Shape, size int64) {
	h.entry(name, struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}{dtype, append([]int{}, shape...), [2]int64{h.end, h.end + size}}) // a scalar's shape is [], not null
	h.end += size
}

// entry appends "name":value. Strings and numbers always have a JSON form.
func (h *header) entry(name string, value any) {
	key, _ := json.Marshal(name)
	v, _ := json.Marshal(value)
	h.json = append(append(append(append(h.json, key...), ':'), v...), ',')
}

// bytes returns the length and the header, padded so that the data begins at a multiple of 8.
func (h *header) bytes() ([]byte, error) {
	text := append([]byte{'{'}, bytes.TrimSuffix(h.json, []byte(","))...)
	text = append(text, '}')
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("the header has %d bytes, of which the format allows %d: shorten the metadata",
			len(text), maxHeader)
	}
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

// writeFloats writes v in pieces, so that a large tensor is not held twice.
func writeFloats(w io.Writer, v []float32) error {
	const piece = 1 << 14
	buf := make([]byte, 0, 4*min(len(v), piece))
	for len(v) > 0 {
		n := min(len(v), piece)
		buf = buf[:0]
		for _, x := range v[:n] {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(x))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		v = v[n:]
	}
	return nil
}
