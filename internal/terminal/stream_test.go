package terminal_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/stretchr/testify/require"
)

func TestAReaderThatGoesAway(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer w.Close()
	s := terminal.NewStream(w)
	_, err = s.Write([]byte("read"))
	require.NoError(t, err)
	require.False(t, s.Gone())
	require.NoError(t, r.Close())
	for range 3 {
		n, err := s.Write([]byte("unread"))
		require.NoError(t, err)
		require.Equal(t, 6, n)
		require.True(t, s.Gone())
	}
	require.NoError(t, s.Err())
	require.False(t, s.IsTerminal())
}

// failing fails once.
type failing struct {
	bytes.Buffer
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	if err := f.err; err != nil {
		f.err = nil
		return 0, err
	}
	return f.Buffer.Write(p)
}

func TestTheFirstErrorStays(t *testing.T) {
	full := errors.New("full")
	f := &failing{err: full}
	s := terminal.NewStream(f)
	for range 2 {
		_, err := s.Write([]byte("text"))
		require.ErrorIs(t, err, full)
	}
	require.ErrorIs(t, s.Err(), full)
	require.Empty(t, f.String(), "nothing comes after a gap")
	require.False(t, s.Gone())
}
