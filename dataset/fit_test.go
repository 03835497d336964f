package dataset

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConvertIsWhatDecodeDoes(t *testing.T) {
	for _, size := range [][2]int{{7, 4}, {4, 9}, {3, 3}, {1, 20}} {
		raw := encodePNG(t, stripes(size[0], size[1]))
		src, _, err := image.Decode(bytes.NewReader(raw))
		require.NoError(t, err)
		for _, fit := range []Fit{CenterCrop, Squash} {
			var img Image
			require.NoError(t, Convert(src, Scale{Height: 3, Width: 3, Fit: fit}, &img))
			require.Equal(t, decodeOK(t, raw, 3, 3, fit), img)
		}
	}
	var img Image
	require.ErrorContains(t, Convert(nil, Scale{Height: 3, Width: 3}, &img), "dataset: the picture is nil")
	require.ErrorContains(t, Convert(stripes(0, 2), Scale{Height: 3, Width: 3}, &img), "dataset: a picture of 0×2 pixels")
	require.ErrorContains(t, Convert(stripes(2, 0), Scale{Height: 3, Width: 3}, &img), "dataset: a picture of 2×0 pixels")
	require.ErrorContains(t, Convert(image.NewUniform(color.White), Scale{Height: 3, Width: 3}, &img), "pixels: it must have at least 1 pixel and at most 268435456")
	require.ErrorContains(t, Convert(stripes(2, 2), Scale{Height: 3, Width: 0}, &img), "a size of 3×0 pixels")
	require.ErrorContains(t, Convert(stripes(2, 2), Scale{Height: 3, Width: 3, Fit: 9}, &img), "dataset: fit 9 is none of CenterCrop, Squash, ShorterSide and Whole")
}

func TestFitAsText(t *testing.T) {
	for _, f := range []Fit{CenterCrop, Squash, ShorterSide, Whole} {
		text, err := f.MarshalText()
		require.NoError(t, err)
		require.Equal(t, f.String(), string(text))
		var again Fit = 5
		require.NoError(t, again.UnmarshalText(text))
		require.Equal(t, f, again)
	}
	require.Equal(t, "Fit(4)", Fit(4).String())
	_, err := Fit(-1).MarshalText()
	require.ErrorContains(t, err, "fit -1 is none of")
	var f Fit
	require.ErrorContains(t, f.UnmarshalText([]byte("crop")), `fit "crop" is none of center-crop, squash, shorter-side, whole`)
}

// What is made of a folder remembers its Fit.
func TestFitOfASet(t *testing.T) {
	dir := t.TempDir()
	for _, class := range []string{"a", "b"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, class), 0o777))
		for _, name := range []string{"1.png", "2.png", "3.png"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, class, name), encodePNG(t, stripes(2, 3)), 0o666))
		}
	}
	for _, fit := range []Fit{CenterCrop, Squash} {
		f, err := OpenFolder(dir, FolderSettings{Width: 2, Fit: fit})
		require.NoError(t, err)
		tail, err := LongTail(f, Exponential{Imbalance: 2}, LongTailSettings{})
		require.NoError(t, err)
		trainSet, held, err := Holdout(tail, HoldoutSettings{Fraction: 0.5})
		require.NoError(t, err)
		memory, err := Load(context.Background(), trainSet)
		require.NoError(t, err)
		for _, d := range []Dataset{f, tail, trainSet, held, memory} {
			require.Equal(t, fit, FitOf(d))
		}
		require.Equal(t, CenterCrop, FitOf(struct{ Dataset }{f}), "a set that does not say")
	}
}

func TestOneSize(t *testing.T) {
	for fit, want := range map[Fit]bool{CenterCrop: true, Squash: true, ShorterSide: false, Whole: false} {
		require.Equal(t, want, fit.OneSize(), "%v", fit)
	}
}
