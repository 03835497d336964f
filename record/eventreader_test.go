package record_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// This file reads event files by the published formats alone: TFRecord framing and the protobuf wire format.

// crc32c is the checksum of RFC 3720, bit by bit.
func crc32c(b []byte) uint32 {
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x)
		for range 8 {
			low := c & 1
			c >>= 1
			if low == 1 {
				c ^= 0x82f63b78
			}
		}
	}
	return ^c
}

func masked(b []byte) uint32 { return bits.RotateLeft32(crc32c(b), -15) + 0xa282ead8 }

// records splits a TFRecord file.
func records(raw []byte) (all [][]byte, err error) {
	for len(raw) > 0 {
		if len(raw) < 12 || masked(raw[:8]) != binary.LittleEndian.Uint32(raw[8:]) {
			return all, errors.New("bad length")
		}
		n := binary.LittleEndian.Uint64(raw)
		if uint64(len(raw)) < 16+n {
			return all, errors.New("truncated")
		}
		data := raw[12 : 12+n]
		if masked(data) != binary.LittleEndian.Uint32(raw[12+n:]) {
			return all, errors.New("bad data")
		}
		all, raw = append(all, data), raw[16+n:]
	}
	return all, nil
}

// fields decodes a protobuf message: by number, uint64 for numbers and []byte for the rest, in order.
func fields(t *testing.T, m []byte) map[uint64][]any {
	t.Helper()
	out := map[uint64][]any{}
	for len(m) > 0 {
		tag, n := binary.Uvarint(m)
		require.Positive(t, n)
		m = m[n:]
		switch tag & 7 {
		case 0:
			v, n := binary.Uvarint(m)
			require.Positive(t, n)
			out[tag>>3], m = append(out[tag>>3], v), m[n:]
		case 1:
			out[tag>>3], m = append(out[tag>>3], binary.LittleEndian.Uint64(m)), m[8:]
		case 5:
			out[tag>>3], m = append(out[tag>>3], uint64(binary.LittleEndian.Uint32(m))), m[4:]
		case 2:
			size, n := binary.Uvarint(m)
			require.Positive(t, n)
			m = m[n:]
			out[tag>>3], m = append(out[tag>>3], m[:size]), m[size:]
		default:
			t.Fatalf("wire type %d", tag&7)
		}
	}
	return out
}

// sub returns the message at a path of field numbers, nil if there is none.
func sub(t *testing.T, m []byte, path ...uint64) []byte {
	for _, number := range path {
		v := fields(t, m)[number]
		if len(v) == 0 {
			return nil
		}
		m = v[0].([]byte)
	}
	return m
}

// number returns a numeric field, 0 if it is left out.
func number(t *testing.T, m []byte, field uint64) uint64 {
	if v := fields(t, m)[field]; len(v) > 0 {
		return v[0].(uint64)
	}
	return 0
}

// shown reads an event folder as TensorBoard does: files in the order of their names, a START purging what is at its step
// and later. The rest is one line each.
func shown(t *testing.T, dir string) []string {
	t.Helper()
	type line struct {
		step uint64
		text string
	}
	var lines []line
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	require.NoError(t, err)
	slices.Sort(files)
	for _, path := range files {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		events, err := records(raw)
		if err != nil {
			require.EqualError(t, err, "truncated")
		}
		for i, e := range events {
			step := number(t, e, 2)
			require.Greater(t, math.Float64frombits(number(t, e, 1)), 1.7e9, "a time in seconds")
			if i == 0 {
				require.Equal(t, "brain.Event:2", string(sub(t, e, 3)))
				continue
			}
			if log := sub(t, e, 7); log != nil {
				require.Equal(t, uint64(1), number(t, log, 1), "START")
				lines = slices.DeleteFunc(lines, func(l line) bool { return l.step >= step })
				continue
			}
			value := sub(t, e, 5, 1)
			tag := string(sub(t, value, 1))
			switch plugin := string(sub(t, value, 9, 1, 1)); plugin {
			case "":
				x := math.Float32frombits(uint32(number(t, value, 2)))
				lines = append(lines, line{step, fmt.Sprintf("%d %s %v", step, tag, x)})
			case "text":
				require.Equal(t, uint64(2), number(t, sub(t, value, 9), 4), "the class of a tensor")
				tensor := sub(t, value, 8)
				require.Equal(t, uint64(7), number(t, tensor, 1), "a string")
				require.Equal(t, uint64(1), number(t, sub(t, tensor, 2, 2), 1), "of shape [1]")
				lines = append(lines, line{step, fmt.Sprintf("%d %s %q", step, tag, sub(t, tensor, 8))})
			case "hparams":
				require.Equal(t, "_hparams_/session_start_info", tag)
				require.NotEmpty(t, sub(t, value, 8), "a tensor, without which the value is passed over")
				start := sub(t, value, 9, 1, 2, 3)
				require.Greater(t, math.Float64frombits(number(t, start, 5)), 1.7e9)
				for _, entry := range fields(t, start)[1] {
					m := entry.([]byte)
					v := fields(t, sub(t, m, 2))
					text := fmt.Sprintf("%d %s =", step, sub(t, m, 1))
					if x := v[2]; x != nil {
						text += fmt.Sprint(" ", math.Float64frombits(x[0].(uint64)))
					} else {
						text += fmt.Sprintf(" %q", v[3][0])
					}
					lines = append(lines, line{step, text})
				}
			default:
				t.Fatalf("plugin %q", plugin)
			}
		}
	}
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.text)
	}
	return texts
}
