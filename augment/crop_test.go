package augment

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/dataset"
)

func TestShift(t *testing.T) {
	for _, c := range []struct {
		dx, dy int
		want   []uint8
	}{
		{0, 0, []uint8{1, 2, 3, 4, 5, 6}},
		{1, 0, []uint8{2, 3, 0, 5, 6, 0}},
		{-1, 0, []uint8{0, 1, 2, 0, 4, 5}},
		{0, 1, []uint8{4, 5, 6, 0, 0, 0}},
		{0, -1, []uint8{0, 0, 0, 1, 2, 3}},
		{2, -1, []uint8{0, 0, 0, 3, 0, 0}},
		{3, 0, make([]uint8, 6)},
		{-9, 0, make([]uint8, 6)},
		{0, 2, make([]uint8, 6)},
	} {
		m := picture(3, 2, 1, 1, 2, 3, 4, 5, 6)
		shift(m, c.dx, c.dy)
		require.Equal(t, c.want, m.Pix, "%d, %d", c.dx, c.dy)
	}
	color := picture(2, 1, 3, 1, 2, 3, 4, 5, 6)
	shift(color, -1, 0)
	require.Equal(t, []uint8{0, 0, 0, 1, 2, 3}, color.Pix)
}

// naiveShift reads from a copy, pixel by pixel.
func naiveShift(m *dataset.Image, dx, dy int) *dataset.Image {
	out := clone(m)
	clear(out.Pix)
	for y := range m.Height {
		for x := range m.Width {
			fx, fy := x+dx, y+dy
			if fx >= 0 && fx < m.Width && fy >= 0 && fy < m.Height {
				to, from := (y*m.Width+x)*m.Channels, (fy*m.Width+fx)*m.Channels
				copy(out.Pix[to:to+m.Channels], m.Pix[from:])
			}
		}
	}
	return out
}

func TestShiftInPlaceIsAShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side, by := rapid.IntRange(0, 6), rapid.IntRange(-8, 8)
		m := picture(side.Draw(t, "w"), side.Draw(t, "h"), rapid.IntRange(1, 4).Draw(t, "c"))
		dx, dy := by.Draw(t, "dx"), by.Draw(t, "dy")
		want := naiveShift(m, dx, dy)
		shift(m, dx, dy)
		require.Equal(t, want, m)
	})
}

func TestCropTakesEveryOffsetEquallyOften(t *testing.T) {
	// The one bright pixel of a 5×5 image lands on each of 25 places for paddings of 2.
	rng := Key{Seed: 1}.Rand()
	var seen [25]int
	for range 25 * 400 {
		m := picture(5, 5, 1, make([]uint8, 25)...)
		m.Pix[12] = 255
		Crop{Padding: 2}.Apply(m, rng)
		for i, v := range m.Pix {
			if v == 255 {
				seen[i]++
			}
		}
	}
	for i, n := range seen {
		require.InDelta(t, 400, n, 100, "place %d", i) // five standard deviations
	}
}

func TestCrop(t *testing.T) {
	requireWellBehaved(t, Crop{Padding: 4})
	requireWellBehaved(t, Crop{Padding: 100})
	require.Zero(t, frequency(Crop{}, picture(4, 4, 3)), "the zero value does nothing")
}
