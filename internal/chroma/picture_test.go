package chroma_test

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/internal/chroma"
	"github.com/stretchr/testify/require"
)

// Between its values color goes three to one, at the borders it stays.
func TestColorIsInterpolated(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 5, 3), image.YCbCrSubsampleRatio420)
	copy(m.Cb, []uint8{0, 100, 200})
	copy(m.Cb[m.CStride:], []uint8{40, 140, 240})
	p, ok := chroma.Of(m)
	require.True(t, ok)
	_, cb, cr := p.Row(0)
	require.Equal(t, []uint8{0, 25, 75, 125, 175}, cb)
	require.Equal(t, make([]uint8, 5), cr)
	_, cb, _ = p.Row(1)
	require.Equal(t, []uint8{10, 35, 85, 135, 185}, cb)

	m = image.NewYCbCr(image.Rect(0, 0, 4, 1), image.YCbCrSubsampleRatio422)
	copy(m.Cr, []uint8{10, 20})
	p, ok = chroma.Of(m)
	require.True(t, ok)
	_, _, cr = p.Row(0)
	require.Equal(t, []uint8{10, 13, 17, 20}, cr)
	_, ok = chroma.Of(image.NewYCbCr(image.Rect(0, 0, 4, 1), image.YCbCrSubsampleRatio410))
	require.False(t, ok)
}

// A part of a picture is that part of the whole.
func TestPartsOfAPicture(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := image.NewYCbCr(image.Rect(0, 0, 11, 7), image.YCbCrSubsampleRatio420)
	for _, plane := range [][]uint8{m.Y, m.Cb, m.Cr} {
		for i := range plane {
			plane[i] = uint8(rng.IntN(256))
		}
	}
	p, _ := chroma.Of(m)
	whole, part := make([]uint8, 3*11*7), make([]uint8, 3*4*3)
	p.RGB(whole, m.Rect)
	p.RGB(part, image.Rect(5, 2, 9, 5))
	for y := range 3 {
		require.Equal(t, whole[3*(11*(2+y)+5):][:12], part[12*y:][:12])
	}
}
