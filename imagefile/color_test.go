package imagefile

import (
	"context"
	"image"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/internal/chroma"
	"github.com/stretchr/testify/require"
)

// A picture that is turned has the colors that it has upright, interpolated.
func TestTurnedColorIsInterpolated(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := image.NewYCbCr(image.Rect(0, 0, 7, 5), image.YCbCrSubsampleRatio420)
	for _, plane := range [][]uint8{m.Y, m.Cb, m.Cr} {
		for i := range plane {
			plane[i] = uint8(rng.IntN(256))
		}
	}
	p, _ := chroma.Of(m)
	want := make([]uint8, 3*7*5)
	p.RGB(want, m.Rect)
	turned := upright(m, 3).(*image.RGBA)
	for i := range 7 * 5 {
		require.Equal(t, want[3*i:3*i+3], turned.Pix[4*(7*5-1-i):][:3])
	}
}

// A fax whose zeros are black, as PIL writes it: a white page with five black dots.
func TestFaxWhoseZerosAreBlack(t *testing.T) {
	picture, err := DecodeFile(context.Background(), filepath.Join("testdata", "fax-black-is-zero.tif"), Settings{})
	require.NoError(t, err)
	black := 0
	for y := range 8 {
		for x := range 16 {
			if r, _, _, _ := picture.At(x, y).RGBA(); r == 0 {
				black++
				require.True(t, y == 2 && x < 5, "%d, %d", x, y)
			}
		}
	}
	require.Equal(t, 5, black)
}
