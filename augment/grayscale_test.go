package augment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGrayscaleIsPILs(t *testing.T) {
	// What PIL's convert("L") makes of red, green, blue, white, black and (10, 200, 30).
	m := picture(6, 1, 3, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 10, 200, 30)
	Grayscale{P: 1}.Apply(m, Key{}.Rand())
	require.Equal(t, []uint8{76, 76, 76, 150, 150, 150, 29, 29, 29, 255, 255, 255, 0, 0, 0, 124, 124, 124}, m.Pix)
	requireWellBehaved(t, Grayscale{P: 0.5})
}

func TestGrayscaleProbability(t *testing.T) {
	m := picture(1, 1, 3, 255, 0, 0)
	require.Zero(t, frequency(Grayscale{}, m), "the zero value never acts")
	require.Equal(t, 1.0, frequency(Grayscale{P: 1}, m))
	require.InDelta(t, 0.2, frequency(Grayscale{P: 0.2}, m), 0.032) // five standard deviations
	require.Zero(t, frequency(Grayscale{P: 1}, picture(2, 2, 1)), "one channel is grey already")
}
