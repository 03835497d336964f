package cause_test

import (
	"context"
	"errors"
	"testing"

	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/stretchr/testify/require"
)

func TestErr(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	require.NoError(t, cause.Err(ctx))
	why := errors.New("the machine is needed")
	child, stop := context.WithCancel(ctx)
	defer stop()
	cancel(why)
	for _, c := range []context.Context{ctx, child} {
		err := cause.Err(c)
		require.ErrorIs(t, err, why)
		require.ErrorIs(t, err, context.Canceled)
		require.EqualError(t, err, "context canceled: the machine is needed")
	}
	plain, stop := context.WithCancel(context.Background())
	stop()
	require.Equal(t, context.Canceled, cause.Err(plain))
}
