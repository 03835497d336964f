package checkpoint_test

import (
	"errors"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// showing is a Visitable of whatever the function shows.
type showing func(v nn.Visitor)

func (s showing) Visit(v nn.Visitor) { s(v) }

// note is state of any bytes.
type note string

func (n *note) MarshalBinary() ([]byte, error) { return []byte(*n), nil }

func (n *note) UnmarshalBinary(b []byte) error {
	*n = note(b)
	return nil
}

// mute is state that has no bytes.
type mute struct{ note }

func (mute) MarshalBinary() ([]byte, error) { return nil, errors.New("has no bytes") }

func (mute) UnmarshalBinary([]byte) error { return nil }

// model has a tensor and other state.
type model struct {
	mean *tensor.Tensor
	note note
}

func newModel(t testing.TB) *model {
	mean, err := tensor.FromSlice([]float32{1.5, float32(math.Inf(1)), -3}, 3)
	require.NoError(t, err)
	return &model{mean: mean, note: "hello"}
}

func (m *model) Visit(v nn.Visitor) {
	v.State("note", &m.note)
	v.Buffer("mean", m.mean)
}

// clear makes every value of m another.
func (m *model) clear() {
	m.mean.Zero()
	m.note = "cleared"
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		all = append(all, f.Name())
	}
	return all
}
