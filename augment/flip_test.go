package augment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFlip(t *testing.T) {
	m := picture(3, 2, 1, 1, 2, 3, 4, 5, 6)
	Flip{P: 1}.Apply(m, Key{}.Rand())
	require.Equal(t, []uint8{3, 2, 1, 6, 5, 4}, m.Pix)
	m = picture(2, 1, 3, 1, 2, 3, 4, 5, 6)
	Flip{P: 1}.Apply(m, Key{}.Rand())
	require.Equal(t, []uint8{4, 5, 6, 1, 2, 3}, m.Pix)
	requireWellBehaved(t, Flip{P: 0.5})
}

func TestFlipProbability(t *testing.T) {
	m := picture(2, 1, 1, 1, 2)
	require.Zero(t, frequency(Flip{}, m), "the zero value never flips")
	require.Equal(t, 1.0, frequency(Flip{P: 1}, m))
	require.InDelta(t, 0.3, frequency(Flip{P: 0.3}, m), 0.036) // five standard deviations
}
