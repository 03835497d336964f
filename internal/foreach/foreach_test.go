package foreach_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/longtail-ml/longtail/internal/foreach"
	"github.com/stretchr/testify/require"
)

func TestIndex(t *testing.T) {
	ctx := context.Background()
	done := make([]atomic.Int32, 1000)
	require.NoError(t, foreach.Index(ctx, len(done), func() func(int) error {
		return func(i int) error { done[i].Add(1); return nil }
	}))
	for i := range done {
		require.Equal(t, int32(1), done[i].Load())
	}
	err := foreach.Index(ctx, 1000, func() func(int) error {
		return func(i int) error {
			if i >= 7 {
				return fmt.Errorf("index %d", i)
			}
			return nil
		}
	})
	require.EqualError(t, err, "index 7", "the lowest, whichever is first")

	why := errors.New("enough")
	stopped, cancel := context.WithCancelCause(ctx)
	err = foreach.Index(stopped, 1000, func() func(int) error {
		return func(int) error { cancel(why); return nil }
	})
	require.ErrorIs(t, err, why)
	require.ErrorIs(t, err, context.Canceled)
	require.PanicsWithValue(t, "a mistake", func() {
		_ = foreach.Index(ctx, 9, func() func(int) error { return func(int) error { panic("a mistake") } })
	})
	require.NoError(t, foreach.Index(ctx, 0, nil))
}
