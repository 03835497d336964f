package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Reading keeps parts of the file's bytes and copies none of them, so that a small file cannot ask for much memory.

// field is one of a message: a number or bytes, as its kind says.
type field struct {
	number protowire.Number
	kind   protowire.Type
	n      uint64
	bytes  []byte
	at     int // offset in the file
}

// reader goes through a message.
type reader struct {
	name  string // of the message, for errors
	bytes []byte
	at    int // offset in the file
}

func (r reader) fail(at int, format string, args ...any) error {
	return fmt.Errorf("%s at byte %d: %s", r.name, at, fmt.Sprintf(format, args...))
}

// each calls do for the fields of a message in order.
func (r reader) each(do func(f field) error) error {
	for b, at := r.bytes, r.at; len(b) > 0; {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return r.fail(at, "damaged: %v", protowire.ParseError(n))
		}
		f := field{number: number, kind: kind, at: at + n}
		m := 0
		switch kind {
		case protowire.VarintType:
			f.n, m = protowire.ConsumeVarint(b[n:])
		case protowire.Fixed32Type:
			var v uint32
			v, m = protowire.ConsumeFixed32(b[n:])
			f.n = uint64(v)
		case protowire.Fixed64Type:
			f.n, m = protowire.ConsumeFixed64(b[n:])
		case protowire.BytesType:
			f.bytes, m = protowire.ConsumeBytes(b[n:])
			f.at += m - len(f.bytes)
		default:
			return r.fail(at, "damaged: a field of wire type %d", kind)
		}
		if m < 0 {
			return r.fail(at, "damaged: field %d: %v", number, protowire.ParseError(m))
		}
		if err := do(f); err != nil {
			return err
		}
		b, at = b[n+m:], at+n+m
	}
	return nil
}

// sub is the message in a field.
func (r reader) sub(name string, f field) (reader, error) {
	if f.kind != protowire.BytesType {
		return reader{}, r.fail(f.at, "damaged: field %d is no %s", f.number, name)
	}
	return reader{name, f.bytes, f.at}, nil
}

func (r reader) string(f field) (string, error) {
	if f.kind != protowire.BytesType || !utf8.Valid(f.bytes) {
		return "", r.fail(f.at, "damaged: field %d is no text", f.number)
	}
	return string(f.bytes), nil
}

func (r reader) int(f field) (int64, error) {
	if f.kind != protowire.VarintType {
		return 0, r.fail(f.at, "damaged: field %d is no whole number", f.number)
	}
	return int64(f.n), nil
}

// ints are whole numbers, packed or one of them.
func (r reader) ints(to []int64, f field) ([]int64, error) {
	if f.kind != protowire.BytesType {
		v, err := r.int(f)
		return append(to, v), err
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, r.fail(f.at, "damaged: field %d: %v", f.number, protowire.ParseError(n))
		}
		to, b = append(to, int64(v)), b[n:]
	}
	return to, nil
}

func (r reader) floats(to []float32, f field) ([]float32, error) {
	switch {
	case f.kind == protowire.Fixed32Type:
		return append(to, math.Float32frombits(uint32(f.n))), nil
	case f.kind != protowire.BytesType || len(f.bytes)%4 != 0:
		return nil, r.fail(f.at, "damaged: field %d is no float", f.number)
	}
	for b := f.bytes; len(b) > 0; b = b[4:] {
		to = append(to, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return to, nil
}

// readModel reads a ModelProto, of which the file's bytes must stay as they are.
func readModel(b []byte) (f model, err error) {
	f.opsets = map[string]int64{}
	r, found := reader{"the model", b, 0}, false
	err = r.each(func(x field) (err error) {
		switch x.number {
		case 1:
			f.ir, err = r.int(x)
		case 2:
			f.producer, err = r.string(x)
		case 3:
			f.version, err = r.string(x)
		case 7:
			var sub reader
			if sub, err = r.sub("graph", x); err == nil {
				found = true
				err = f.graph.read(sub)
			}
		case 8:
			var domain string
			var version int64
			if domain, version, err = r.opset(x); err == nil {
				f.opsets[domain] = version
			}
		case 14:
			var pair [2]string
			if pair, err = r.pair(x); err == nil {
				f.metadata = append(f.metadata, pair)
			}
		}
		return err
	})
	if err == nil && !found {
		err = errors.New("no ONNX model: it has no graph")
	}
	return f, err
}

func (r reader) opset(x field) (domain string, version int64, err error) {
	s, err := r.sub("opset", x)
	if err == nil {
		err = s.each(func(x field) (err error) {
			switch x.number {
			case 1:
				domain, err = s.string(x)
			case 2:
				version, err = s.int(x)
			}
			return err
		})
	}
	if domain == "ai.onnx" {
		domain = ""
	}
	return domain, version, err
}

func (r reader) pair(x field) (pair [2]string, err error) {
	s, err := r.sub("metadata", x)
	if err == nil {
		err = s.each(func(x field) (err error) {
			if x.number == 1 || x.number == 2 {
				pair[x.number-1], err = s.string(x)
			}
			return err
		})
	}
	return pair, err
}
