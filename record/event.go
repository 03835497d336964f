package record

import (
	"encoding/binary"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protocol buffer in the making. The field numbers below are those of TensorBoard's event.proto,
// summary.proto, tensor.proto and hparams/plugin_data.proto, and of Google's struct.proto.
type message []byte

func (m message) bytes(field protowire.Number, v []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), v)
}

func (m message) string(field protowire.Number, v string) message { return m.bytes(field, []byte(v)) }

func (m message) int(field protowire.Number, v int) message {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
}

func (m message) float(field protowire.Number, v float32) message {
	return protowire.AppendFixed32(protowire.AppendTag(m, field, protowire.Fixed32Type), math.Float32bits(v))
}

func (m message) double(field protowire.Number, v float64) message {
	return protowire.AppendFixed64(protowire.AppendTag(m, field, protowire.Fixed64Type), math.Float64bits(v))
}

// event begins an Event.
func event(now time.Time, step int) message {
	m := message(nil).double(1, seconds(now))
	if step != 0 { // proto3 leaves zeros out
		m = m.int(2, step)
	}
	return m
}

func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

func versionEvent(now time.Time) message { return event(now, 0).string(3, "brain.Event:2") }

// startEvent makes TensorBoard forget what was recorded from step on: a SessionLog with status START.
func startEvent(now time.Time, step int) message {
	return event(now, step).bytes(7, message(nil).int(1, 1))
}

// summaryEvent holds one Summary.Value.
func summaryEvent(now time.Time, step int, value message) message {
	return event(now, step).bytes(5, message(nil).bytes(1, value))
}

func scalarValue(name string, v float64) message {
	return message(nil).string(1, name).float(2, float32(v))
}

const (
	dtFloat  = 1
	dtString = 7

	dataClassTensor = 2
)

// textValue is a tensor of one string, as tf.summary.text writes it.
func textValue(name, text string) message {
	tensor := message(nil).int(1, dtString).bytes(2, message(nil).bytes(2, message(nil).int(1, 1))).string(8, text)
	return message(nil).string(1, name).bytes(8, tensor).bytes(9, metadata("text", nil))
}

// settingsValue is the start of a session of the plugin hparams. What reads as a finite number is one.
func settingsValue(now time.Time, values map[string]string) message {
	start := message(nil)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := message(nil)
		if x, err := strconv.ParseFloat(values[name], 64); err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			value = value.double(2, x)
		} else {
			value = value.string(3, values[name])
		}
		start = start.bytes(1, message(nil).string(1, name).bytes(2, value)) // an entry of a map
	}
	start = start.double(5, seconds(now))
	// TensorBoard passes over values without a tensor.
	zero := message(nil).int(1, dtFloat).bytes(2, nil).bytes(5, message(make([]byte, 4)))
	return message(nil).string(1, "_hparams_/session_start_info").bytes(8, zero).
		bytes(9, metadata("hparams", message(nil).bytes(3, start)))
}

// metadata is a SummaryMetadata.
func metadata(plugin string, content message) message {
	return message(nil).bytes(1, message(nil).string(1, plugin).bytes(2, content)).int(4, dataClassTensor)
}

// frame puts a record into a TFRecord frame: length, checksum of the length, record, checksum of the record.
func frame(record []byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(record)))
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b))
	b = append(b, record...)
	return binary.LittleEndian.AppendUint32(b, maskedCRC(record))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is the checksum of TFRecord files: masked, since a checksum of data that hold checksums is weak.
func maskedCRC(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
