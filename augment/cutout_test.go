package augment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCutoutCutsASquareAnywhere(t *testing.T) {
	rng, places := Key{Seed: 8}.Rand(), map[[4]int]int{}
	for range 36 * 200 {
		m := picture(6, 6, 1, make([]uint8, 36)...)
		Cutout{Size: 4, Fill: 9}.Apply(m, rng)
		left, top, right, bottom, n := 6, 6, 0, 0, 0
		for i, v := range m.Pix {
			if v == 9 {
				left, right = min(left, i%6), max(right, i%6+1)
				top, bottom = min(top, i/6), max(bottom, i/6+1)
				n++
			}
		}
		require.Equal(t, (right-left)*(bottom-top), n, "a rectangle")
		require.True(t, right-left >= 2 && right-left <= 4, "of at most 4 pixels, at least 2 of them inside")
		places[[4]int{left, top, right, bottom}]++
	}
	require.Len(t, places, 36, "one for each middle")
	for at, n := range places {
		require.InDelta(t, 200, n, 70, "%v", at) // five standard deviations
	}
}

func TestCutout(t *testing.T) {
	requireWellBehaved(t, Cutout{Size: 3})
	requireWellBehaved(t, Cutout{Size: 100})
	require.Zero(t, frequency(Cutout{}, picture(4, 4, 3)), "the zero value does nothing")
	m := picture(3, 3, 3)
	Cutout{Size: 7, Fill: 5}.Apply(m, Key{}.Rand())
	require.Equal(t, uint8(5), m.Pix[13])
}
