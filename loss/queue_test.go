package loss_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A queue is the last rows that were added, whatever the portions.
func TestQueueHoldsTheLastRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 7).Draw(t, "size")
		q, err := loss.NewQueue(size, 2)
		require.NoError(t, err)
		var rows []float32
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 10), 0, 6).Draw(t, "portions") {
			x, labels := tensor.New(n, 2), make([]int, n)
			for i := range n {
				id := float32(len(rows))
				x.Data()[2*i], x.Data()[2*i+1], labels[i] = id, -id, int(id)
				rows = append(rows, id)
			}
			q.Add(x, labels)
		}
		want := rows[max(0, len(rows)-size):]
		require.Equal(t, len(want), q.Len())
		keys, labels := q.On(autograd.NewTape(autograd.Mode{}))
		var got []float32
		for i, y := range labels {
			require.Equal(t, []float32{float32(y), -float32(y)}, keys.Value().Rows(i, i+1).Data())
			got = append(got, float32(y))
		}
		require.ElementsMatch(t, want, got)
	})
}

func TestQueueStateGoesOn(t *testing.T) {
	a, err := loss.NewQueue(5, 3)
	require.NoError(t, err)
	b, err := loss.NewQueue(5, 3)
	require.NoError(t, err)
	a.Add(gradtest.Normal(1, 1, 7, 3), []int{0, 1, 2, 3, 4, 5, 6})
	from, to := nn.Entries(a), nn.Entries(b)
	require.Equal(t, "keys", from[0].Path)
	require.Equal(t, "ring", from[1].Path)
	to[0].Buffer.CopyFrom(from[0].Buffer)
	state, err := from[1].State.MarshalBinary()
	require.NoError(t, err)
	require.NoError(t, to[1].State.UnmarshalBinary(state))
	for _, q := range []*loss.Queue{a, b} {
		q.Add(gradtest.Normal(2, 1, 2, 3), []int{7, 8})
	}
	tape := autograd.NewTape(autograd.Mode{})
	wantKeys, wantLabels := a.On(tape)
	keys, labels := b.On(tape)
	require.Equal(t, wantKeys.Data(), keys.Data())
	require.Equal(t, []int{5, 6, 7, 8, 4}, wantLabels)
	require.Equal(t, wantLabels, labels)

	require.EqualError(t, to[1].State.UnmarshalBinary(state[8:]),
		"loss: queue: 48 bytes of state, a queue of 5 rows has 56: make the queue of the size it was saved with")
	for _, bad := range []struct{ position, length int }{{9, 5}, {5, 5}, {-1, 5}, {2, 6}, {2, -1}} {
		binary.LittleEndian.PutUint64(state, uint64(bad.position))
		binary.LittleEndian.PutUint64(state[8:], uint64(bad.length))
		require.EqualError(t, to[1].State.UnmarshalBinary(state),
			fmt.Sprintf("loss: queue: position %d and length %d do not fit a queue of 5 rows: the state is damaged", bad.position, bad.length))
		require.Equal(t, 5, b.Len())
	}
	binary.LittleEndian.PutUint64(state, 0)
	binary.LittleEndian.PutUint64(state[8:], 0)
	require.NoError(t, to[1].State.UnmarshalBinary(state))
	require.Zero(t, b.Len())
}

func TestQueueMisuse(t *testing.T) {
	for want, size := range map[string][2]int{
		"0 rows of width 3: both must be at least 1":                     {0, 3},
		"3 rows of width 0: both must be at least 1":                     {3, 0},
		"3 rows of width -1: both must be at least 1":                    {3, -1},
		"1048577 rows of width 1024: at most 1073741824 values are kept": {1<<20 + 1, 1 << 10},
	} {
		_, err := loss.NewQueue(size[0], size[1])
		require.EqualError(t, err, "loss: queue: "+want)
	}
	_, err := loss.NewQueue(1, 1)
	require.NoError(t, err)
	q, err := loss.NewQueue(4, 3)
	require.NoError(t, err)
	require.EqualError(t, tensor.Try(func() error { q.Add(tensor.New(2, 4), []int{0, 0}); return nil }),
		"loss.Queue [2 4], [2 3]: needs a row of the queue's width for each label")
	require.Zero(t, q.Len())
}
