package dataset

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// faulty is a Memory whose reading goes wrong where fail says so.
type faulty struct {
	*Memory
	fail  func(i int, dst *Image) error
	reads atomic.Int64
}

func (f *faulty) Image(i int, dst *Image) error {
	f.reads.Add(1)
	if err := f.Memory.Image(i, dst); err != nil {
		return err
	}
	return f.fail(i, dst)
}

func TestLoad(t *testing.T) {
	set := numbered(t, 250, 4)
	got, err := Load(t.Context(), set)
	require.NoError(t, err)
	require.Equal(t, set, got)
	one, err := Subset(set, []int{513})
	require.NoError(t, err)
	got, err = Load(t.Context(), one)
	require.NoError(t, err)
	require.Equal(t, [][]int{nil, {513}, nil, nil}, numbers(t, got))
}

func TestLoadReportsTheFirstError(t *testing.T) {
	for range 50 {
		set := &faulty{Memory: numbered(t, 250, 4), fail: func(i int, dst *Image) error {
			if i >= 300 {
				return fmt.Errorf("image %d is bad", i)
			}
			return nil
		}}
		_, err := Load(t.Context(), set)
		require.EqualError(t, err, "dataset: loading image 300: image 300 is bad")
		require.Less(t, set.reads.Load(), int64(1000), "it stops")
	}
}

func TestLoadErrors(t *testing.T) {
	empty, err := NewMemory(Shape{Height: 1, Width: 1, Channels: 1}, []string{"a"})
	require.NoError(t, err)
	_, err = Load(t.Context(), empty)
	require.EqualError(t, err, "dataset: nothing to load: the set has no image")

	set := &faulty{Memory: numbered(t, 5, 4), fail: func(i int, dst *Image) error {
		if i == 7 {
			dst.Resize(Shape{Height: 1, Width: 2, Channels: 3})
		}
		return nil
	}}
	_, err = Load(t.Context(), set)
	require.EqualError(t, err, "dataset: loading image 7: it is 1×2×3 and image 0 is 1×1×2: all must have one shape to be "+
		"kept in memory; NewCache keeps images of any")

	set.fail = func(int, *Image) error { return context.DeadlineExceeded }
	_, err = Load(t.Context(), set)
	require.EqualError(t, err, "dataset: loading image 0: context deadline exceeded")

	ctx, cancel := context.WithCancel(t.Context())
	set.fail = func(i int, dst *Image) error {
		if i == 9 {
			cancel()
		}
		return nil
	}
	_, err = Load(ctx, set)
	require.ErrorIs(t, err, context.Canceled)
}
