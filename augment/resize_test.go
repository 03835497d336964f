package augment

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

func TestResizeOfSizes(t *testing.T) {
	for _, c := range []struct{ height, width, shorter, toHeight, toWidth int }{
		{375, 500, 256, 256, 341}, {500, 375, 256, 341, 256}, {20, 20, 7, 7, 7}, {3, 1, 4, 12, 4}, {5, 9, 0, 5, 9}, {1, 3, 1, 1, 3},
	} {
		m := picture(c.width, c.height, 1)
		Resize{Shorter: c.shorter}.Apply(m, nil)
		require.Equal(t, dataset.Shape{Height: c.toHeight, Width: c.toWidth, Channels: 1}, m.Shape())
		require.NoError(t, m.Check())
	}
}

func TestCenterCropIsTheMiddleOfAResize(t *testing.T) {
	for _, size := range [][2]int{{9, 14}, {31, 12}, {12, 12}} {
		for _, crop := range [][2]int{{5, 4}, {12, 12}, {3, 8}} {
			whole, part := picture(size[0], size[1], 3), picture(size[0], size[1], 3)
			r := Resize{Shorter: 12, Filter: Bicubic}
			r.Apply(whole, nil)
			CenterCrop{r, crop[0], crop[1]}.Apply(part, nil)
			require.Equal(t, [2]int{crop[0], crop[1]}, [2]int{part.Height, part.Width})
			x := int(math.RoundToEven(float64(whole.Width-crop[1]) / 2))
			y := int(math.RoundToEven(float64(whole.Height-crop[0]) / 2))
			for row := range crop[0] {
				require.Equal(t, whole.Row(y + row)[3*x:3*(x+crop[1])], part.Row(row))
			}
		}
	}
}

func TestCenterCropPadsWithBlack(t *testing.T) {
	m := picture(1, 2, 1, 7, 8)
	CenterCrop{Height: 3, Width: 4}.Apply(m, nil)
	require.Equal(t, []uint8{
		0, 7, 0, 0,
		0, 8, 0, 0,
		0, 0, 0, 0,
	}, m.Pix)
}

func TestResizeIsWellBehaved(t *testing.T) {
	requireWellBehaved(t, Resize{})
	requireWellBehaved(t, CenterCrop{})
	empty := &dataset.Image{}
	CenterCrop{Resize{Shorter: 3}, 2, 2}.Apply(empty, nil)
	require.Equal(t, &dataset.Image{}, empty, "no pixels, nothing to resize")
}

func TestFilterAsText(t *testing.T) {
	for _, f := range []Filter{Bilinear, Bicubic} {
		text, err := f.MarshalText()
		require.NoError(t, err)
		var again Filter = 7
		require.NoError(t, again.UnmarshalText(text))
		require.Equal(t, f, again)
	}
	_, err := Filter(2).MarshalText()
	require.ErrorContains(t, err, "filter 2 is neither")
	require.Equal(t, "Filter(2)", Filter(2).String())
	require.ErrorContains(t, new(Filter).UnmarshalText([]byte("lanczos")), `filter "lanczos" is neither bilinear nor bicubic`)
}
