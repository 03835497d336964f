package augment

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

func TestEnhanceBlends(t *testing.T) {
	m := picture(3, 1, 1, 0, 100, 200)
	Brightness(m, 0.5)
	require.Equal(t, []uint8{0, 50, 100}, m.Pix)
	Brightness(m, 3)
	require.Equal(t, []uint8{0, 150, 255}, m.Pix)

	m = picture(3, 1, 1, 0, 100, 200) // mean 100
	Contrast(m, 0.5)
	require.Equal(t, []uint8{50, 100, 150}, m.Pix)
	Contrast(m, 4)
	require.Equal(t, []uint8{0, 100, 255}, m.Pix)

	m = picture(2, 1, 3, 255, 0, 0, 40, 40, 40) // red has the luma 76
	Color(m, 0)
	require.Equal(t, []uint8{76, 76, 76, 40, 40, 40}, m.Pix)
	m = picture(1, 1, 3, 200, 100, 100) // luma 130
	Color(m, 1.5)
	require.Equal(t, []uint8{235, 85, 85}, m.Pix)
}

func TestSharpness(t *testing.T) {
	m := picture(3, 3, 1, 0, 0, 0, 0, 130, 0, 0, 0, 0)
	Sharpness(m, 0) // 5·130/13
	require.Equal(t, []uint8{0, 0, 0, 0, 50, 0, 0, 0, 0}, m.Pix)
	m = picture(3, 3, 1, 13, 13, 13, 13, 26, 13, 13, 13, 13) // smooth is 18
	Sharpness(m, 2)
	require.Equal(t, []uint8{13, 13, 13, 13, 34, 13, 13, 13, 13}, m.Pix)
	m = picture(2, 5, 1) // all edge
	want := clone(m)
	Sharpness(m, 0)
	require.Equal(t, want, m)
}

func TestFactorOneChangesNothing(t *testing.T) {
	for name, op := range map[string]func(*dataset.Image, float64){
		"Brightness": Brightness, "Contrast": Contrast, "Color": Color, "Sharpness": Sharpness,
	} {
		for _, m := range []*dataset.Image{picture(7, 5, 3), picture(7, 5, 1), picture(3, 3, 4), {}} {
			got := clone(m)
			op(got, 1)
			require.Equal(t, m, got, name)
		}
	}
}

func TestHue(t *testing.T) {
	m := picture(4, 1, 3, 255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90)
	Hue(m, 1./3) // a third of the circle: red to green to blue to red, grey stays
	require.Equal(t, []uint8{0, 255, 0, 0, 0, 255, 255, 0, 0, 90, 90, 90}, m.Pix)
	Hue(m, -1./3) // the circle has 255 steps and bytes wrap at 256, in PIL too
	require.Equal(t, []uint8{255, 0, 0, 0, 255, 0, 6, 0, 255, 90, 90, 90}, m.Pix)
	gray := picture(5, 3, 1)
	Hue(gray, 0.2)
	require.Equal(t, picture(5, 3, 1), gray)
}

func TestColorJitter(t *testing.T) {
	full := ColorJitter{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1, P: 0.8}
	requireWellBehaved(t, full)
	m := picture(8, 8, 3)
	require.Zero(t, frequency(ColorJitter{Brightness: 1, Hue: 0.5}, m), "P is 0")
	require.Zero(t, frequency(ColorJitter{P: 1}, m), "nothing to change")
	require.InDelta(t, 0.8, frequency(full, m), 0.033) // five standard deviations

	// Brightness alone, of one white pixel: the factor is uniform in [0.6, 1.4], so half of the draws stay white.
	white, low, stay, rng := picture(1, 1, 1, 200), 255, 0, Key{}.Rand()
	for range 4000 {
		c := clone(white)
		ColorJitter{Brightness: 0.4, P: 1}.Apply(c, rng)
		low = min(low, int(c.Pix[0]))
		if c.Pix[0] >= 200 {
			stay++
		}
	}
	require.InDelta(t, 120, low, 1)
	require.InDelta(t, 2000, stay, 160)
}

func TestColorJitterOrderIsRandom(t *testing.T) {
	// Brightness ×0 before contrast gives black, and so it does after; contrast ×0 before brightness ×2 differs from after.
	seen, rng := map[uint8]int{}, Key{Seed: 2}.Rand()
	for range 4000 {
		m := picture(2, 1, 1, 100, 250)
		ColorJitter{Brightness: 1, Contrast: 1, P: 1}.Apply(m, rng)
		seen[m.Pix[0]]++
	}
	require.Greater(t, len(seen), 100)
}
