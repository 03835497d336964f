package serve

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// number is a picture that stands for a number.
func number(v float32) *tensor.Tensor {
	x := tensor.New(1)
	x.Data()[0] = v
	return x
}

// doubling computes twice the numbers, and notes the sizes of batches. A negative number fails, 13 panics. gate holds it up.
type doubling struct {
	gate  chan bool
	began atomic.Int64 // batches

	mu    sync.Mutex
	sizes []int
}

func (d *doubling) compute(x ...*tensor.Tensor) ([]float32, error) {
	d.began.Add(1)
	if d.gate != nil {
		<-d.gate
	}
	d.mu.Lock()
	d.sizes = append(d.sizes, len(x))
	d.mu.Unlock()
	var y []float32
	for _, v := range x {
		switch v := v.Data()[0]; {
		case v < 0:
			return nil, errors.New("negative")
		case v == 13:
			panic("thirteen")
		default:
			y = append(y, 2*v)
		}
	}
	return y, nil
}

func begin(t *testing.T, s Settings, d *doubling) *batcher[float32] {
	t.Helper()
	s.MaxImages = 1
	s, err := s.filled()
	require.NoError(t, err)
	return start(s, d.compute, func(int, time.Duration) {})
}

func reserved(ctx context.Context, b *batcher[float32], x ...*tensor.Tensor) ([]float32, error) {
	if err := b.reserve(len(x)); err != nil {
		return nil, err
	}
	return b.do(ctx, x...)
}

func TestBatchesGather(t *testing.T) {
	d := &doubling{gate: make(chan bool)}
	b := begin(t, Settings{Batch: 4, Queue: 100}, d)
	var group sync.WaitGroup
	ask := func(v float32) {
		group.Go(func() {
			y, err := reserved(t.Context(), b, number(v), number(v+1))
			require.NoError(t, err)
			require.Equal(t, []float32{2 * v, 2*v + 2}, y)
		})
	}
	ask(0)
	d.gate <- true // the first is computed alone, of two
	for i := range 5 {
		ask(float32(10*i + 20))
	}
	require.Eventually(t, func() bool { return b.queued.Load() >= 6 }, time.Minute, time.Millisecond)
	close(d.gate)
	group.Wait()
	b.stop()
	total := 0
	for _, n := range d.sizes {
		require.LessOrEqual(t, n, 4)
		total += n
	}
	require.Equal(t, 12, total)
	require.Contains(t, d.sizes, 4)
	require.Zero(t, b.queued.Load())
}

// A picture waits for those that are on their way, and not where there are none.
func TestBatchesWaitForWhatComes(t *testing.T) {
	d := &doubling{}
	b := begin(t, Settings{Wait: time.Hour}, d)
	defer b.stop()
	_, err := reserved(t.Context(), b, number(1))
	require.NoError(t, err, "nothing comes, so it is computed at once")

	arrived := b.expect()
	first := make(chan error)
	go func() {
		_, err := reserved(t.Context(), b, number(1))
		first <- err
	}()
	select {
	case <-first:
		require.Fail(t, "it did not wait")
	case <-time.After(20 * time.Millisecond):
	}
	arrived()
	_, err = reserved(t.Context(), b, number(2))
	require.NoError(t, err)
	require.NoError(t, <-first)
	require.Equal(t, []int{1, 2}, d.sizes)

	short := begin(t, Settings{Wait: 5 * time.Millisecond}, d)
	defer short.stop()
	defer short.expect()()
	_, err = reserved(t.Context(), short, number(1))
	require.NoError(t, err, "what never comes is waited for as long as Wait")
}

func TestAFullQueueRefuses(t *testing.T) {
	d := &doubling{gate: make(chan bool)}
	b := begin(t, Settings{Batch: 1, Queue: 3}, d)
	ctx, cancel := context.WithCancelCause(t.Context())
	var group sync.WaitGroup
	for i := range 4 { // one is computed, three wait
		group.Go(func() {
			_, err := reserved(ctx, b, number(float32(i)))
			require.ErrorIs(t, err, errLate)
		})
		require.Eventually(t, func() bool { return d.began.Load() == 1 && b.queued.Load() == int64(i) }, time.Minute, time.Millisecond)
	}
	_, err := reserved(t.Context(), b, number(1))
	require.ErrorIs(t, err, errFull)
	cancel(errLate)
	group.Wait()
	close(d.gate)
	require.Eventually(t, func() bool {
		y, err := reserved(t.Context(), b, number(4))
		return err == nil && y[0] == 8
	}, time.Minute, time.Millisecond, "it recovers")
	b.stop()
	require.Len(t, d.sizes, 2, "what nobody waits for is not computed")
}

// A picture that fails takes no other with it.
func TestAFailureIsOnesOwn(t *testing.T) {
	d := &doubling{gate: make(chan bool)}
	b := begin(t, Settings{}, d)
	var group sync.WaitGroup
	for i, v := range []float32{0, -1, 1, 13, 2, 3} {
		group.Go(func() {
			y, err := reserved(t.Context(), b, number(v))
			switch v {
			case -1:
				require.ErrorContains(t, err, "negative")
			case 13:
				require.ErrorContains(t, err, "thirteen")
			default:
				require.NoError(t, err)
				require.Equal(t, []float32{2 * v}, y)
			}
		})
		if i == 0 {
			require.Eventually(t, func() bool { return d.began.Load() == 1 }, time.Minute, time.Millisecond)
		}
	}
	require.Eventually(t, func() bool { return b.queued.Load() == 5 }, time.Minute, time.Millisecond)
	close(d.gate)
	group.Wait()
	b.stop()
}
