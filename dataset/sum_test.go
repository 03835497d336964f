package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
)

func sumOfSet(t *testing.T, d Dataset, images int) string {
	t.Helper()
	sum, err := Sum(t.Context(), d, SumSettings{Images: images})
	require.NoError(t, err)
	return sum
}

// bmps is a folder of images that all have one size in bytes, of the colors given, in two classes.
func bmps(t *testing.T, colors ...uint8) *Folder {
	t.Helper()
	dir := t.TempDir()
	for i, c := range colors {
		name := filepath.Join(dir, []string{"ant", "bee"}[i%2], fmt.Sprintf("%d.bmp", i))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		img := image.NewRGBA(image.Rect(0, 0, 4, 4))
		for p := range img.Pix {
			if img.Pix[p] = c; p%4 == 3 {
				img.Pix[p] = 255
			}
		}
		img.Set(0, 0, color.Black)
		var b strings.Builder
		require.NoError(t, bmp.Encode(&b, img))
		require.NoError(t, os.WriteFile(name, []byte(b.String()), 0o666))
	}
	f, err := OpenFolder(dir, FolderSettings{Width: 4})
	require.NoError(t, err)
	return f
}

func TestSumOfFilesSeesNamesSizesAndPixels(t *testing.T) {
	f := bmps(t, 10, 20, 30, 40)
	sum := sumOfSet(t, f, 0)
	require.Regexp(t, `^names, sizes, 4 images: [0-9a-f]{64}$`, sum)
	require.Equal(t, sum, sumOfSet(t, bmps(t, 10, 20, 30, 40), 0), "elsewhere")
	require.NotEqual(t, sum, sumOfSet(t, bmps(t, 30, 20, 10, 40), 0), "two images of a class exchanged")

	require.Equal(t, sumOfSet(t, f, 1), sumOfSet(t, bmps(t, 10, 40, 30, 20), 1), "it reads the pixels of the first alone")
	require.NotEqual(t, sumOfSet(t, f, AllImages), sumOfSet(t, bmps(t, 10, 40, 30, 20), AllImages))

	loaded, err := Load(t.Context(), f)
	require.NoError(t, err)
	require.Equal(t, sum, sumOfSet(t, loaded, 0))
	require.Equal(t, sumOfSet(t, f, 2), sumOfSet(t, loaded, 2))
	again, err := Load(t.Context(), loaded)
	require.NoError(t, err)
	require.Equal(t, sum, sumOfSet(t, again, 0))

	require.NoError(t, os.Rename(f.Path(3), filepath.Join(filepath.Dir(f.Path(3)), "4.bmp")))
	renamed, err := OpenFolder(f.root, FolderSettings{Width: 4})
	require.NoError(t, err)
	require.NotEqual(t, sumOfSet(t, f2(t, renamed), 1), sumOfSet(t, loaded, 1), "another name")

	require.NoError(t, os.WriteFile(renamed.Path(3), []byte("longer than it was, and no image"), 0o666))
	require.NotEqual(t, sumOfSet(t, renamed, 1), sumOfSet(t, f2(t, renamed), 2)) // differ in what they are of
	_, err = Sum(t.Context(), renamed, SumSettings{})
	require.ErrorContains(t, err, "4.bmp")
}

// f2 is the first two images of a set.
func f2(t *testing.T, d Dataset) Dataset {
	s, err := Subset(d, []int{0, 1})
	require.NoError(t, err)
	return s
}

func TestSumOfASubsetIsOfItsImages(t *testing.T) {
	all := numbered(t, 5, 4)
	a, err := Subset(all, []int{0, 1, 7})
	require.NoError(t, err)
	b, err := Subset(all, []int{0, 1, 8})
	require.NoError(t, err)
	require.NotEqual(t, sumOfSet(t, a, 0), sumOfSet(t, b, 0))
	loaded, err := Load(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, sumOfSet(t, a, 0), sumOfSet(t, loaded, 0))
}

func TestSumOfImagesInMemoryIsOfAllPixels(t *testing.T) {
	shape := Shape{Height: 1, Width: 2, Channels: 1}
	of := func(change int) Dataset {
		pix := make([]uint8, 2*600)
		pix[change]++
		m, err := FromPixels(shape, []string{"a"}, pix, make([]int, 600))
		require.NoError(t, err)
		return m
	}
	sums := map[string]bool{}
	for i := range 1200 {
		sums[sumOfSet(t, of(i), 1)] = true
	}
	require.Len(t, sums, 1200)

	small, err := FromPixels(shape, []string{"a"}, []uint8{1, 2}, []int{0})
	require.NoError(t, err)
	want := fmt.Sprintf("1 images: %x", sha256.Sum256(fmt.Appendf(nil, "0 1×2×1 %x\n", sha256.Sum256([]byte{1, 2}))))
	require.Equal(t, want, sumOfSet(t, small, 0), "a text that other tools can make")
}

// own is a set of somebody else's.
type own struct {
	Func
	source func(i int) (Source, error)
}

func (o own) Source(i int) (Source, error) { return o.source(i) }

func TestSumOfSetsOfOnesOwn(t *testing.T) {
	var mu sync.Mutex
	var reads atomic.Int64 // images are read on several goroutines
	f := Func{Images: 3, Names: []string{"a"}, LabelOf: func(int) int { return 0 }, ReadInto: func(i int, dst *Image) error {
		reads.Add(1)
		dst.Resize(Shape{1, 1, 1})
		dst.Pix[0] = uint8(i)
		return nil
	}}
	require.Empty(t, sumOfSet(t, f, 0), "it cannot say")
	require.Empty(t, sumOfSet(t, f2(t, f), 0))
	require.Zero(t, reads.Load())
	named := own{f, func(i int) (Source, error) { return Source{fmt.Sprint(i), 1}, nil }}
	require.Regexp(t, "^names, sizes, 2 images: ", sumOfSet(t, named, 2))
	unnamed := own{f, func(i int) (Source, error) { return Source{}, nil }}
	require.Regexp(t, "^2 images: ", sumOfSet(t, unnamed, 2))

	many := own{f, named.source}
	many.Images = 700
	require.Regexp(t, "^names, sizes, 256 images: ", sumOfSet(t, many, 0))
	seen := map[int]bool{}
	many.ReadInto = func(i int, dst *Image) error {
		mu.Lock()
		defer mu.Unlock()
		seen[i] = true
		dst.Resize(Shape{1, 1, 1})
		return nil
	}
	require.Regexp(t, "^names, sizes, 4 images: ", sumOfSet(t, many, 4))
	require.Equal(t, map[int]bool{0: true, 175: true, 350: true, 525: true}, seen, "evenly spread")

	lost := own{f, func(i int) (Source, error) { return Source{}, errors.New("lost") }}
	_, err := Sum(t.Context(), lost, SumSettings{})
	require.ErrorContains(t, err, "lost")
	_, err = Sum(t.Context(), named, SumSettings{Images: -1})
	require.ErrorContains(t, err, "-1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Sum(ctx, named, SumSettings{})
	require.ErrorIs(t, err, context.Canceled)
	bad := own{f, func(i int) (Source, error) { panic("bad") }}
	require.PanicsWithValue(t, "bad", func() { _, _ = Sum(t.Context(), bad, SumSettings{}) })
}
