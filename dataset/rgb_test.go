package dataset

import (
	"bytes"
	"encoding/json"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// JPEGs decode to what Pillow makes of them, but for the rounding of their cosines: testdata/jpeg.py wrote both.
func TestJPEGsAreAsPillowDecodesThem(t *testing.T) {
	text, err := os.ReadFile("testdata/jpeg.json")
	require.NoError(t, err)
	var data struct {
		Width, Height int
		Cases         []struct {
			Name      string
			File, Pix []byte
		}
	}
	require.NoError(t, json.Unmarshal(text, &data))
	require.Len(t, data.Cases, 5)
	for _, c := range data.Cases {
		var img Image
		require.NoError(t, Decode(bytes.NewReader(c.File), Scale{Fit: Whole}, &img))
		require.Equal(t, Shape{data.Height, data.Width, 3}, img.Shape())
		sum := 0.0
		for i, v := range c.Pix {
			d := math.Abs(float64(v) - float64(img.Pix[i]))
			require.LessOrEqual(t, d, 4., "%s at %d", c.Name, i)
			sum += d
		}
		require.Less(t, sum/float64(len(c.Pix)), 0.4, c.Name)
	}
}

// A part of a picture is the part of what the whole is turned to.
func TestRGBOfAPart(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, stripes(21, 13), nil)) // 4:2:0
	ycc, err := jpeg.Decode(&file)
	require.NoError(t, err)
	require.IsType(t, &image.YCbCr{}, ycc)
	rgba, nrgba, gray := image.NewRGBA(ycc.Bounds()), image.NewNRGBA(ycc.Bounds()), image.NewGray(ycc.Bounds())
	for _, m := range []draw.Image{rgba, nrgba, gray} {
		draw.Draw(m, ycc.Bounds(), ycc, image.Point{}, draw.Src)
	}
	for _, m := range []image.Image{ycc, rgba, nrgba, gray} {
		whole := make([]uint8, 21*13*3)
		toRGB(whole, m, m.Bounds())
		r := image.Rect(5, 3, 16, 12)
		part := make([]uint8, 11*9*3)
		toRGB(part, m, r)
		for y := range 9 {
			at := ((y+3)*21 + 5) * 3
			require.Equal(t, whole[at:at+33], part[y*33:(y+1)*33], "%T", m)
		}
	}
	// A view into a larger picture, whose corner is elsewhere.
	sub := rgba.SubImage(image.Rect(5, 3, 16, 12))
	want, got := make([]uint8, 11*9*3), make([]uint8, 11*9*3)
	toRGB(want, rgba, sub.Bounds())
	toRGB(got, sub, sub.Bounds())
	require.Equal(t, want, got)
	toRGB(got, ycc.(*image.YCbCr).SubImage(sub.Bounds()), sub.Bounds())
	for i := range want {
		require.InDelta(t, want[i], got[i], 12, "color between the values of 4:2:0 is interpolated where the corner is the picture's")
	}
}
