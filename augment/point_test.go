package augment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInvertSolarizePosterize(t *testing.T) {
	m := picture(4, 1, 1, 0, 1, 128, 255)
	Invert(m)
	require.Equal(t, []uint8{255, 254, 127, 0}, m.Pix)

	m = picture(4, 1, 1, 0, 127, 128, 255)
	Solarize(m, 128)
	require.Equal(t, []uint8{0, 127, 127, 0}, m.Pix)
	Solarize(m, 256)
	require.Equal(t, []uint8{0, 127, 127, 0}, m.Pix)

	for bits, want := range map[int][]uint8{-3: {0, 0, 0}, 0: {0, 0, 0}, 1: {128, 0, 128}, 4: {0xf0, 0x70, 0x80},
		8: {0xff, 0x7f, 0x8a}, 20: {0xff, 0x7f, 0x8a}} {
		m = picture(3, 1, 1, 0xff, 0x7f, 0x8a)
		Posterize(m, bits)
		require.Equal(t, want, m.Pix, "%d bits", bits)
	}
}

func TestAutoContrastByChannel(t *testing.T) {
	// Channel 0 goes from 50 to 100, a stretch by 5.1; channel 1 is full already; channel 2 has one value.
	m := picture(3, 1, 3, 50, 0, 9, 60, 100, 9, 100, 255, 9)
	AutoContrast(m)
	require.Equal(t, []uint8{0, 0, 9, 51, 100, 9, 254, 255, 9}, m.Pix) // 254.99… is truncated, as in PIL
}

func TestEqualize(t *testing.T) {
	// A ramp of all bytes is even already: step = (256−1)/255 = 1, and each byte has as many below it as its value.
	ramp := make([]uint8, 256)
	for i := range ramp {
		ramp[i] = uint8(i)
	}
	m := picture(16, 16, 1, ramp...)
	Equalize(m)
	require.Equal(t, ramp, m.Pix)

	// 300 bytes of 10, 300 of 20, 300 of 30: step = 600/255 = 2, so (1)/2, (301)/2, (601)/2 clipped.
	m = picture(30, 30, 1)
	for i := range m.Pix {
		m.Pix[i] = uint8(10 * (1 + i/300))
	}
	Equalize(m)
	require.Equal(t, []uint8{0, 150, 255}, []uint8{m.Pix[0], m.Pix[300], m.Pix[600]})

	m = picture(2, 2, 1, 7, 7, 9, 9) // too few bytes to share among 255 steps
	Equalize(m)
	require.Equal(t, []uint8{7, 7, 9, 9}, m.Pix)
}
