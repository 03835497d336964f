package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

// stripes is an RGBA image of w×h whose pixel (x, y) is red 10x, green 20y, blue 7.
func stripes(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{uint8(10 * x), uint8(20 * y), 7, 255})
		}
	}
	return m
}

func decodeOK(t testing.TB, raw []byte, w, h int, fit Fit) Image {
	t.Helper()
	var img Image
	require.NoError(t, Decode(bytes.NewReader(raw), Scale{Height: h, Width: w, Fit: fit}, &img))
	require.Equal(t, Shape{h, w, 3}, img.Shape())
	return img
}

func TestDecodeCopiesTheSizeAskedForExactly(t *testing.T) {
	raw := encodePNG(t, stripes(3, 2))
	for _, fit := range []Fit{CenterCrop, Squash} {
		img := decodeOK(t, raw, 3, 2, fit)
		require.Equal(t, []uint8{0, 0, 7, 10, 0, 7, 20, 0, 7, 0, 20, 7, 10, 20, 7, 20, 20, 7}, img.Pix)
	}
}

func TestDecodeCropsTheCenter(t *testing.T) {
	img := decodeOK(t, encodePNG(t, stripes(6, 2)), 2, 2, CenterCrop)
	require.Equal(t, []uint8{20, 0, 7, 30, 0, 7, 20, 20, 7, 30, 20, 7}, img.Pix)
	img = decodeOK(t, encodePNG(t, stripes(2, 6)), 2, 2, CenterCrop)
	require.Equal(t, []uint8{0, 40, 7, 10, 40, 7, 0, 60, 7, 10, 60, 7}, img.Pix)
}

// The largest part of the aspect ratio in the middle: rounded to the nearest pixel, halves up, and from the left and the top.
func TestCenter(t *testing.T) {
	for _, c := range []struct {
		height, width int
		of, want      image.Rectangle
	}{
		{2, 3, image.Rect(0, 0, 10, 10), image.Rect(0, 1, 10, 8)},
		{3, 2, image.Rect(0, 0, 10, 10), image.Rect(1, 0, 8, 10)},
		{3, 2, image.Rect(5, -6, 15, 4), image.Rect(6, -6, 13, 4)},
		{4, 2, image.Rect(0, 0, 10, 5), image.Rect(3, 0, 6, 5)},
		{2, 4, image.Rect(0, 0, 5, 10), image.Rect(0, 3, 5, 6)},
		{1, 8, image.Rect(0, 0, 1, 100), image.Rect(0, 49, 1, 50)},
		{8, 1, image.Rect(0, 0, 100, 1), image.Rect(49, 0, 50, 1)},
		{6, 4, image.Rect(0, 0, 20, 30), image.Rect(0, 0, 20, 30)},
	} {
		require.Equal(t, c.want, Scale{Height: c.height, Width: c.width}.center(c.of), "%d×%d of %v", c.height, c.width, c.of)
	}
}

func TestScaleBounds(t *testing.T) {
	for s, good := range map[Scale]bool{
		{Height: 1, Width: 67108864}:            true,
		{Height: 1, Width: 67108865}:            false,
		{Height: 67108865, Width: 1}:            false,
		{Height: 1, Width: 1}:                   true,
		{Height: 0, Width: 1}:                   false,
		{Height: -1, Width: -1}:                 false,
		{Fit: Whole}:                            true,
		{Height: 1, Fit: Whole}:                 false,
		{Width: 1, Fit: Whole}:                  false,
		{Height: 3, Width: 3, Fit: -1}:          false,
		{Height: 3, Width: 3, Fit: Whole}:       false,
		{Height: 3, Width: 3, Fit: 4}:           false,
		{Height: 3, Width: 5, Fit: Squash}:      true,
		{Height: 3, Width: 3, Fit: ShorterSide}: true,
	} {
		require.Equal(t, good, s.check() == nil, "%+v: %v", s, s.check())
	}
}

func TestDecodeScales(t *testing.T) {
	// The left half is white, the right half black.
	m := image.NewGray(image.Rect(0, 0, 64, 16))
	for i := range m.Pix {
		if i%64 < 32 {
			m.Pix[i] = 255
		}
	}
	raw := encodePNG(t, m)
	squashed := decodeOK(t, raw, 4, 4, Squash)
	require.InDelta(t, 255, int(squashed.Pix[0]), 12)
	require.InDelta(t, 0, int(squashed.Pix[9]), 12)
	grown := decodeOK(t, raw, 128, 32, Squash)
	require.Equal(t, uint8(255), grown.Row(16)[3*10])
	require.Equal(t, uint8(0), grown.Row(16)[3*120])
	// One pixel wide and very high: the crop keeps at least one pixel.
	thin := decodeOK(t, encodePNG(t, stripes(1, 9)), 8, 2, CenterCrop)
	require.Equal(t, uint8(80), thin.Pix[1], "the middle row")
}

func TestDecodeKeepsTheAspectRatio(t *testing.T) {
	for _, c := range []struct{ w, h, side, toW, toH int }{{50, 37, 20, 27, 20}, {37, 50, 20, 20, 27}, {4, 3, 3, 4, 3}, {3, 1, 2, 6, 2}} {
		raw := encodePNG(t, stripes(c.w, c.h))
		var img, whole Image
		require.NoError(t, Decode(bytes.NewReader(raw), Scale{Height: c.side, Width: c.side, Fit: ShorterSide}, &img))
		require.Equal(t, Shape{c.toH, c.toW, 3}, img.Shape())
		require.NoError(t, Decode(bytes.NewReader(raw), Scale{Fit: Whole}, &whole))
		require.Equal(t, Shape{c.h, c.w, 3}, whole.Shape())
		require.Equal(t, uint8(10*(c.w-1)), whole.Row(c.h - 1)[3*(c.w-1)], "the red of the last pixel")
	}
	for want, s := range map[string]Scale{
		"whole images, which have their own": {Width: 3, Fit: Whole},
		"shorter sides of 3 and of 4":        {Height: 3, Width: 4, Fit: ShorterSide},
		"a size of 0×0":                      {Fit: ShorterSide},
	} {
		require.ErrorContains(t, Decode(bytes.NewReader(encodePNG(t, stripes(2, 2))), s, &Image{}), want)
	}
	_, err := OpenFolder(t.TempDir(), FolderSettings{Fit: Whole, Width: 32})
	require.ErrorContains(t, err, "leave Height and Width 0")
}

func TestDecodeColorModels(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 1, 1))
	gray.Pix[0] = 77
	require.Equal(t, []uint8{77, 77, 77}, decodeOK(t, encodePNG(t, gray), 1, 1, CenterCrop).Pix)

	clear := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	clear.SetNRGBA(0, 0, color.NRGBA{200, 100, 50, 128})
	require.Equal(t, []uint8{100, 50, 25}, decodeOK(t, encodePNG(t, clear), 1, 1, CenterCrop).Pix, "seen on black")

	palette := image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.RGBA{1, 2, 3, 255}})
	require.Equal(t, []uint8{1, 2, 3}, decodeOK(t, encodePNG(t, palette), 1, 1, CenterCrop).Pix)

	var b bytes.Buffer
	flat := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := 0; i < len(flat.Pix); i += 4 {
		copy(flat.Pix[i:], []uint8{180, 90, 40, 255})
	}
	require.NoError(t, jpeg.Encode(&b, flat, nil))
	img := decodeOK(t, b.Bytes(), 8, 8, CenterCrop)
	for c, want := range []int{180, 90, 40} {
		require.InDelta(t, want, int(img.Pix[c]), 4)
	}
}

// hugePNG is a valid header that claims w×h pixels, and no data.
func hugePNG(w, h uint32) []byte {
	header := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(header[4:], w)
	binary.BigEndian.PutUint32(header[8:], h)
	header[12], header[13] = 8, 2
	raw := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	raw = append(raw, header...)
	return binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(header))
}

func TestDecodeErrors(t *testing.T) {
	var img Image
	err := Decode(bytes.NewReader([]byte("GIF89a")), Scale{Height: 2, Width: 2}, &img)
	require.ErrorContains(t, err, "a GIF that is cut off")
	raw := encodePNG(t, stripes(9, 9))
	err = Decode(bytes.NewReader(raw[:len(raw)-20]), Scale{Height: 2, Width: 2}, &img)
	require.ErrorContains(t, err, "dataset: reading an image: a PNG that is cut off")
	err = Decode(bytes.NewReader(hugePNG(20_000, 20_000)), Scale{Height: 2, Width: 2}, &img)
	require.ErrorContains(t, err, "20000×20000 pixels")
	err = Decode(bytes.NewReader(raw), Scale{Height: 2, Width: 0}, &img)
	require.EqualError(t, err,
		"dataset: a size of 2×0 pixels was asked for: it must have at least 1 pixel and at most 67108864")
	err = Decode(bytes.NewReader(raw), Scale{Height: 2, Width: 2, Fit: Fit(5)}, &img)
	require.EqualError(t, err, "dataset: fit 5 is none of CenterCrop, Squash, ShorterSide and Whole")
	broken := errors.New("cable pulled")
	require.ErrorIs(t, Decode(iotest.ErrReader(broken), Scale{Height: 2, Width: 2}, &img), broken)
}

func FuzzDecode(f *testing.F) {
	f.Add(encodePNG(f, stripes(3, 5)))
	var b bytes.Buffer
	if err := jpeg.Encode(&b, stripes(9, 4), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h, _, err := image.DecodeConfig(bytes.NewReader(raw)); err == nil && h.Width*h.Height > 1<<20 {
			t.Skip("slow")
		}
		var img Image
		if err := Decode(bytes.NewReader(raw), Scale{Height: 6, Width: 4}, &img); err == nil {
			require.Len(t, img.Pix, 72)
		}
	})
}
