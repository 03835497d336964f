package augment

import (
	"image"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

func TestResizeByHand(t *testing.T) {
	// Two pixels to four: middles at ¼, ¾, 1¼, 1¾ of the old, whose middles are at ½ and 1½.
	m := picture(2, 1, 1, 0, 100)
	boxed(m, []float64{0, 0, 2, 1, 4, 1}, Bilinear)
	require.Equal(t, []uint8{0, 25, 75, 100}, m.Pix)
	// Four to two: a triangle over four places, cut off at the edge and rescaled: weights 3/8, 3/8, 1/8 over 7/8.
	m = picture(1, 4, 1, 0, 70, 140, 210)
	boxed(m, []float64{0, 0, 1, 4, 1, 2}, Bilinear)
	require.Equal(t, []uint8{50, 160}, m.Pix)
	// The box is all that is seen.
	m = picture(3, 3, 1, 1, 1, 1, 1, 50, 1, 1, 1, 1)
	boxed(m, []float64{1, 1, 1, 1, 3, 3}, Bicubic)
	require.Equal(t, []uint8{50, 50, 50, 50, 50, 50, 50, 50, 50}, m.Pix)
}

func TestResizedCropBoxes(t *testing.T) {
	// On a large image rounding is small: areas are uniform in [0.2, 1], log ratios in ±log 4/3, for boxes that fit.
	rng, n := Key{Seed: 4}.Rand(), 4000
	var least, most, small float64 = 1, 0, 0
	for range n {
		box := ResizedCrop{MinScale: 0.2}.box(1000, 1000, rng)
		w, h := box.Dx(), box.Dy()
		require.True(t, box.In(image.Rect(0, 0, 1000, 1000)))
		area, ratio := float64(w*h)/1e6, float64(w)/float64(h)
		require.True(t, area > 0.199 && area <= 1)
		require.True(t, math.Abs(math.Log(ratio)) < math.Log(4./3)+0.01)
		least, most = min(least, ratio), max(most, ratio)
		if area < 0.5 {
			small++
		}
	}
	require.Less(t, least, 0.76)
	require.Greater(t, most, 1.32)
	require.Greater(t, small/float64(n), 3./8, "boxes that do not fit are large ones, so small ones are more than 3/8")
}

func TestResizedCropFallsBackToTheMiddle(t *testing.T) {
	require.Equal(t, image.Rect(493, 0, 506, 10), ResizedCrop{MinScale: 1}.box(1000, 10, Key{}.Rand()))
	require.Equal(t, image.Rect(0, 493, 10, 506), ResizedCrop{MinScale: 1}.box(10, 1000, Key{}.Rand()))
	require.Equal(t, image.Rect(490, 0, 510, 10), ResizedCrop{MinScale: 1, MaxRatio: 2}.box(1000, 10, Key{}.Rand()))
}

func TestResizedCropOfOneScaleAndRatio(t *testing.T) {
	rng := Key{}.Rand()
	for range 100 {
		box := ResizedCrop{MinScale: 0.25, MaxScale: 0.25, MinRatio: 4, MaxRatio: 4}.box(400, 400, rng)
		require.Equal(t, image.Pt(400, 100), box.Size())
	}
}

func TestResizedCrop(t *testing.T) {
	requireWellBehaved(t, ResizedCrop{})
	require.Greater(t, frequency(ResizedCrop{}, picture(16, 16, 3)), 0.99)
	m := picture(30, 20, 3)
	ResizedCrop{Width: 9, Height: 7}.Apply(m, Key{}.Rand())
	require.Equal(t, dataset.Shape{Height: 7, Width: 9, Channels: 3}, m.Shape())
	require.Len(t, m.Pix, 9*7*3)
	ResizedCrop{Width: 64, Height: 64}.Apply(m, Key{}.Rand())
	require.Equal(t, dataset.Shape{Height: 64, Width: 64, Channels: 3}, m.Shape())
	require.Len(t, m.Pix, 64*64*3)
}
