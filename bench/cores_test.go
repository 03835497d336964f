package main

import (
	"testing"
	"time"

	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/stretchr/testify/require"
)

func TestIdealTimesFollowTheDivision(t *testing.T) {
	d := divided{loops: [][]time.Duration{{5, 1, 1, 1, 1, 1}, {}, {2, 2}}, serial: 3}
	require.EqualValues(t, 3+10+4, d.on(1))
	require.EqualValues(t, 3+5+2, d.on(2))
	require.EqualValues(t, 3+5+2, d.on(64), "the longest part limits")
	require.Equal(t, 6, d.parts())
	require.Len(t, d.speedups(), len(coreCounts))

	n := 0
	d = divide(func() { n++; parallel.For(4, func(int) { time.Sleep(time.Millisecond) }) }, 3)
	require.Equal(t, 4, n)
	require.Equal(t, 4, d.parts())
	require.Greater(t, d.on(1), 3*time.Millisecond)
	require.Less(t, d.on(4), d.on(1))
}
