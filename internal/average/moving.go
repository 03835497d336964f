package average

import (
	"fmt"

	"github.com/longtail-ml/longtail/nn"
)

// Moving is the state that Tape.Commit changes, as it was at some time: what a step of several batches that cannot be
// finished must put back. The zero value is no state.
type Moving struct {
	entries []nn.Entry
	values  [][]float32 // of buffers
	bytes   [][]byte    // of other state
}

// NewMoving returns that of m.
func NewMoving(m nn.Visitable) Moving {
	var k Moving
	for _, e := range nn.Entries(m) {
		if e.Param == nil {
			k.entries = append(k.entries, e)
		}
	}
	k.values, k.bytes = make([][]float32, len(k.entries)), make([][]byte, len(k.entries))
	return k
}

// Remember notes the state.
func (k Moving) Remember() (err error) {
	for i, e := range k.entries {
		if e.Buffer != nil {
			k.values[i] = append(k.values[i][:0], e.Buffer.Data()...)
		} else if k.bytes[i], err = e.State.MarshalBinary(); err != nil {
			return fmt.Errorf("state %q: %w", e.Path, err)
		}
	}
	return nil
}

// Restore puts back what was noted.
func (k Moving) Restore() error {
	for i, e := range k.entries {
		if e.Buffer != nil {
			copy(e.Buffer.Data(), k.values[i])
		} else if err := e.State.UnmarshalBinary(k.bytes[i]); err != nil {
			return fmt.Errorf("train: state %q refuses its own bytes: %w", e.Path, err)
		}
	}
	return nil
}
