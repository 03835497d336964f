package npy

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/longtail-ml/longtail/internal/atomicfile"
)

// Save writes values, an array of the given shape in C's order, as float32. A file of that name is replaced in one step.
func Save(path string, values []float32, shape ...int) error {
	return save(path, "<f4", values, shape, func(b []byte, v float32) []byte {
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	})
}

// SaveInts is Save for integers, as int64.
func SaveInts(path string, values []int, shape ...int) error {
	return save(path, "<i8", values, shape, func(b []byte, v int) []byte { return binary.LittleEndian.AppendUint64(b, uint64(v)) })
}

func save[V any](path, descr string, values []V, shape []int, encode func([]byte, V) []byte) error {
	n := 1.0 // an integer could overflow
	for _, d := range shape {
		if d < 0 {
			return fmt.Errorf("npy: saving %s: a shape of %v: no extent may be negative", path, shape)
		}
		n *= float64(d)
	}
	if n != float64(len(values)) {
		return fmt.Errorf("npy: saving %s: %d values for a shape of %v, which has %.0f", path, len(values), shape, n)
	}
	head, err := headerOf(descr, shape)
	if err != nil {
		return fmt.Errorf("npy: saving %s: %w", path, err)
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		b := head
		for i, v := range values {
			if b = encode(b, v); len(b) >= 1<<16 || i == len(values)-1 {
				if _, err := w.Write(b); err != nil {
					return err
				}
				b = b[:0]
			}
		}
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return fmt.Errorf("npy: %w", err)
	}
	return nil
}

// headerOf returns what stands before the values, which begin at a multiple of 64 bytes.
func headerOf(descr string, shape []int) ([]byte, error) {
	var extents strings.Builder
	for _, d := range shape {
		fmt.Fprintf(&extents, "%d, ", d)
	}
	list := strings.TrimSuffix(extents.String(), " ")
	if len(shape) != 1 {
		list = strings.TrimSuffix(list, ",")
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, list)
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	if len(text) > math.MaxUint16 {
		return nil, fmt.Errorf("a shape of %d extents: the header has no room for it", len(shape))
	}
	b := append([]byte(magic), 1, 0)
	return append(binary.LittleEndian.AppendUint16(b, uint16(len(text))), text...), nil
}
