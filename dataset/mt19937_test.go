package dataset

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func ascending(n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = i
	}
	return v
}

func TestMT19937ReferenceStream(t *testing.T) {
	m := newMT19937(5489) // the default seed of the reference implementation; its 10,000th output is in the C++ standard
	require.Equal(t, uint32(3499211612), m.next())
	for range 9998 {
		m.next()
	}
	require.Equal(t, uint32(4123659995), m.next())
}

func TestMT19937ShufflesAsNumPy(t *testing.T) {
	v := ascending(10)
	newMT19937(0).shuffle(v)
	require.Equal(t, []int{2, 8, 4, 9, 1, 6, 7, 3, 0, 5}, v)

	m := newMT19937(0)
	v = ascending(5000)
	m.shuffle(v)
	require.Equal(t, []int{398, 3833, 4836, 4572, 636, 2545, 1161, 2230}, v[:8])
	v = ascending(5000)
	m.shuffle(v)
	require.Equal(t, []int{597, 332, 521, 3935}, v[:4])
}

func TestMT19937ShuffleOfNothingDrawsNothing(t *testing.T) {
	m := newMT19937(1)
	m.shuffle(nil)
	m.shuffle([]int{7})
	require.Equal(t, uint32(0), m.interval(0))
	require.Equal(t, newMT19937(1).next(), m.next())
}
