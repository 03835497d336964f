package augment

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		dx, dy int
		want   []uint8
	}{
		{0, 0, []uint8{1, 2, 3, 4, 5, 6}},
		{1, 0, []uint8{2, 3, 9, 5, 6, 9}},
		{-1, 0, []uint8{9, 1, 2, 9, 4, 5}},
		{0, 1, []uint8{4, 5, 6, 9, 9, 9}},
		{0, -1, []uint8{9, 9, 9, 1, 2, 3}},
		{7, 0, []uint8{9, 9, 9, 9, 9, 9}},
	} {
		m := picture(3, 2, 1, 1, 2, 3, 4, 5, 6)
		TranslateX(m, c.dx, 9)
		TranslateY(m, c.dy, 9)
		require.Equal(t, c.want, m.Pix, "%d, %d", c.dx, c.dy)
	}
}

func TestShear(t *testing.T) {
	m := picture(3, 3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	ShearX(m, 1, 0) // rows have their middles at ½, 1½, 2½; a pixel's middle moved by ½ falls on the next
	require.Equal(t, []uint8{2, 3, 0, 6, 0, 0, 0, 0, 0}, m.Pix)
	m = picture(3, 3, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	ShearY(m, -1, 0)
	require.Equal(t, []uint8{1, 0, 0, 4, 0, 0, 7, 2, 0}[:1], m.Pix[:1])
	require.Equal(t, []uint8{1, 0, 0, 4, 2, 0, 7, 5, 3}, m.Pix)
}

func TestRotate(t *testing.T) {
	square := func() []uint8 { return []uint8{1, 2, 3, 4} }
	for degrees, want := range map[float64][]uint8{
		0: {1, 2, 3, 4}, 90: {2, 4, 1, 3}, 180: {4, 3, 2, 1}, 270: {3, 1, 4, 2}, -90: {3, 1, 4, 2}, 360: {1, 2, 3, 4},
	} {
		m := picture(2, 2, 1, square()...)
		Rotate(m, degrees, 0)
		require.Equal(t, want, m.Pix, "%v°", degrees)
	}
	m := picture(3, 1, 1, 1, 2, 3) // of a quarter turn only the middle stays inside
	Rotate(m, 90, 7)
	require.Equal(t, []uint8{7, 2, 7}, m.Pix)
}

func TestAffineOfNonsense(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), 1e300} {
		m := picture(3, 3, 3)
		ShearX(m, v, 0)
		Rotate(m, v, 0)
		require.Len(t, m.Pix, 27)
	}
}
