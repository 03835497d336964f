package loss_test

import (
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
	state[0] = 9
	require.EqualError(t, to[1].State.UnmarshalBinary(state),
		"loss: queue: position 9 and length 5 do not fit a queue of 5 rows: the state is damaged")
	require.Equal(t, 5, b.Len())
}

func TestQueueMisuse(t *testing.T) {
	_, err := loss.NewQueue(0, 3)
	require.EqualError(t, err, "loss: queue: 0 rows of width 3: both must be at least 1")
	q, err := loss.NewQueue(4, 3)
	require.NoError(t, err)
	require.EqualError(t, tensor.Try(func() error { q.Add(tensor.New(2, 4), []int{0, 0}); return nil }),
		"loss.Queue [2 4], [2 3]: needs a row of the queue's width for each label")
	require.Zero(t, q.Len())
}
