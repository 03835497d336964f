package onnx

import (
	"encoding/binary"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protocol buffer in the making: parts that follow each other, so that weights are not copied into messages
// around them.
type message struct {
	parts [][]byte
	size  int
}

func (m *message) add(part []byte) {
	m.parts = append(m.parts, part)
	m.size += len(part)
}

func (m *message) int(field protowire.Number, v int64) {
	m.add(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(v)))
}

func (m *message) float(field protowire.Number, v float32) {
	m.add(protowire.AppendFixed32(protowire.AppendTag(nil, field, protowire.Fixed32Type), math.Float32bits(v)))
}

func (m *message) bytes(field protowire.Number, v []byte) {
	m.add(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(len(v))))
	m.add(v)
}

func (m *message) string(field protowire.Number, v string) {
	if v != "" {
		m.bytes(field, []byte(v))
	}
}

func (m *message) message(field protowire.Number, v message) {
	m.add(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(v.size)))
	m.parts = append(m.parts, v.parts...)
	m.size += v.size
}

func (m *message) writeTo(w io.Writer) error {
	for _, part := range m.parts {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// message is a ModelProto.
func (f *model) message() (m message) {
	m.int(1, f.ir)
	m.string(2, f.producer)
	m.string(3, f.version)
	m.message(7, f.graph.message())
	for _, domain := range slices.Sorted(maps.Keys(f.opsets)) {
		var set message
		set.string(1, domain)
		set.int(2, f.opsets[domain])
		m.message(8, set)
	}
	for _, entry := range f.metadata {
		var pair message
		pair.string(1, entry[0])
		pair.string(2, entry[1])
		m.message(14, pair)
	}
	return m
}

func (g *graph) message() (m message) {
	for _, n := range g.nodes {
		m.message(1, n.message())
	}
	m.string(2, g.name)
	for _, a := range g.inits {
		m.message(5, a.message())
	}
	for _, v := range g.inputs {
		m.message(11, v.message())
	}
	for _, v := range g.outputs {
		m.message(12, v.message())
	}
	return m
}

func (n *node) message() (m message) {
	for _, name := range n.in {
		m.bytes(1, []byte(name)) // "" is an input that is left out
	}
	for _, name := range n.out {
		m.bytes(2, []byte(name))
	}
	m.string(3, n.name)
	m.string(4, n.op)
	for _, a := range n.attributes {
		m.message(5, a.message())
	}
	m.string(7, n.domain)
	return m
}

func (a attribute) message() (m message) {
	m.string(1, a.name)
	switch a.kind {
	case isFloat:
		m.float(2, a.f)
	case isInt:
		m.int(3, a.i)
	case isString:
		m.bytes(4, []byte(a.s))
	case isTensor:
		m.message(5, a.t.message())
	case isFloats:
		for _, v := range a.floats {
			m.float(7, v)
		}
	case isInts:
		for _, v := range a.ints {
			m.int(8, v)
		}
	}
	m.int(20, int64(a.kind))
	return m
}

func (a *array) message() (m message) {
	for _, d := range a.dims {
		m.int(1, d)
	}
	m.int(2, int64(a.kind))
	m.string(8, a.name)
	raw := a.raw
	if a.floats != nil {
		raw = make([]byte, 0, 4*len(a.floats))
		for _, v := range a.floats {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
	}
	m.bytes(9, raw)
	return m
}

func (v valueInfo) message() (m message) {
	var shape, tensor, kind message
	for _, d := range v.dims {
		var one message
		if d.name != "" {
			one.string(2, d.name)
		} else {
			one.int(1, d.size)
		}
		shape.message(1, one)
	}
	tensor.int(1, int64(v.kind))
	tensor.message(2, shape)
	kind.message(1, tensor)
	m.string(1, v.name)
	m.message(2, kind)
	return m
}
