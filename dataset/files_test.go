package dataset

import (
	"context"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	raw := encodePNG(t, stripes(4, 4))
	writeFile(t, raw, dir, "x", "a.png")
	writeFile(t, raw, dir, "b.png")
	var l FileList
	l.Add("x/a.png", 1)
	l.Add("./b.png", 0)
	l.Add(`x\a.png`, 1)
	l.Add(filepath.Join(dir, "x", "a.png"), 1)
	f, err := NewFiles(dir, []string{"ant", "bee"}, &l, FolderSettings{Width: 4})
	require.NoError(t, err)
	l.Relabel([]int{1, 0}) // the set has a copy
	require.Equal(t, []int{1, 0, 1, 1}, Labels(f))
	for i, path := range []string{"x/a.png", "b.png", "x/a.png", "x/a.png"} {
		require.Equal(t, filepath.Join(dir, filepath.FromSlash(path)), f.Path(i))
		var img Image
		require.NoError(t, f.Image(i, &img))
		require.Equal(t, []uint8{30, 60, 7}, img.Pix[45:])
	}
	require.NoError(t, f.CheckFiles(context.Background()))
	var img Image
	require.ErrorContains(t, f.Image(4, &img), "image 4 asked of a set of 4")

	scaled, err := f.Scaled(Scale{Height: 2, Width: 3, Fit: Squash})
	require.NoError(t, err)
	require.NoError(t, scaled.Image(0, &img))
	require.Equal(t, Shape{2, 3, 3}, img.Shape())
	require.Equal(t, Squash, FitOf(scaled))
	require.Equal(t, CenterCrop, FitOf(f))
	_, err = f.Scaled(Scale{})
	require.ErrorContains(t, err, "0×0")
}

func TestFilesWithBoxes(t *testing.T) {
	dir := t.TempDir()
	m := stripes(4, 4)
	writeFile(t, encodePNG(t, m), dir, "a.png")
	var l FileList
	l.Add("a.png", 0)
	l.AddBox("a.png", 0, image.Rect(1, 2, 3, 4))
	l.AddBox("a.png", 1, image.Rect(2, -5, 9, 2)) // as far as it is in the picture
	l.AddBox("a.png", 1, image.Rect(4, 0, 6, 2))
	f, err := NewFiles(dir, []string{"ant", "bee"}, &l, FolderSettings{Width: 2})
	require.NoError(t, err)
	require.NoError(t, f.CheckFiles(context.Background()), "boxes of one picture may show two classes")
	var img Image
	for i, from := range []image.Rectangle{image.Rect(0, 0, 4, 4), image.Rect(1, 2, 3, 4), image.Rect(2, 0, 4, 2)} {
		require.NoError(t, f.Image(i, &img))
		var want Image
		require.NoError(t, Convert(m.SubImage(from), Scale{Height: 2, Width: 2}, &want))
		require.Equal(t, want, img)
	}
	err = f.Image(3, &img)
	require.ErrorContains(t, err, filepath.Join(dir, "a.png"))
	require.ErrorContains(t, err, "4×4")

	l.AddBox("b.png", 1, image.Rect(math.MinInt, math.MinInt, math.MaxInt, math.MaxInt))
	require.Equal(t, box{math.MinInt32, math.MinInt32, math.MaxInt32, math.MaxInt32}, l.boxes[4])
	for _, empty := range []image.Rectangle{{}, image.Rect(1, 1, 1, 4), image.Rect(1, 4, 3, 4), {Min: image.Pt(1, 5), Max: image.Pt(4, 2)}, {Min: image.Pt(3, 3), Max: image.Pt(2, 5)}} {
		l := FileList{}
		l.AddBox("a.png", 0, empty)
		_, err = NewFiles(dir, []string{"ant"}, &l, FolderSettings{})
		require.ErrorContains(t, err, "the box of a.png is empty")
	}
}

func TestRelabel(t *testing.T) {
	var l FileList
	for _, label := range []int{2, 0, 1, 2} {
		l.Add("a.png", label)
	}
	l.Relabel([]int{5, 7, 6})
	require.Equal(t, []int32{6, 5, 7, 6}, l.labels)
}

func TestFilesErrors(t *testing.T) {
	for _, label := range []int{-1, 1, math.MaxInt} {
		var l FileList
		l.Add("a.png", label)
		_, err := NewFiles("", []string{"ant"}, &l, FolderSettings{})
		require.ErrorContains(t, err, "a.png has label")
	}
	_, err := NewFiles("", nil, &FileList{}, FolderSettings{Width: -1})
	require.ErrorContains(t, err, "-1×-1")
	dir := t.TempDir()
	writeFile(t, nil, dir, "a.png")
	var l FileList
	l.Add("a.png", 0)
	l.Add("a.png", 1)
	f, err := NewFiles(dir, []string{"ant", "bee"}, &l, FolderSettings{})
	require.NoError(t, err)
	require.ErrorContains(t, f.CheckFiles(context.Background()), `a.png is listed twice, as class "ant" and as class "bee"`)
}

// All files that are not there are counted, and the first is named.
func TestMissingFiles(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, nil, dir, "x", "a.png")
	writeFile(t, nil, dir, "b.png")
	for name, c := range map[string]struct {
		list    []string
		missing int
		first   string
	}{
		"none":                 {list: []string{"x/a.png", "b.png"}},
		"one":                  {[]string{"x/a.png", "x/c.png", "b.png"}, 1, "x/c.png"},
		"a folder":             {[]string{"b.png", "y/a.png", "x/a.png", "y/b.png"}, 2, "y/a.png"},
		"in several folders":   {[]string{"b.png", "z/a.png", "x/c.png", "a.png", "x/d.png"}, 4, "z/a.png"},
		"the same three times": {[]string{"x/c.png", "b.png", "x/c.png", "x/c.png"}, 3, "x/c.png"},
		"all":                  {[]string{"u.png", "v.png"}, 2, "u.png"},
	} {
		var l FileList
		for _, file := range c.list {
			l.Add(file, 0)
		}
		f, err := NewFiles(dir, []string{"ant"}, &l, FolderSettings{})
		require.NoError(t, err)
		err = f.CheckFiles(context.Background())
		if c.missing == 0 {
			require.NoError(t, err, name)
			continue
		}
		var missing *MissingError
		require.ErrorAs(t, err, &missing, name)
		require.Equal(t, MissingError{c.missing, len(c.list), filepath.Join(dir, filepath.FromSlash(c.first))}, *missing, name)
		require.ErrorContains(t, err, fmt.Sprintf("%d of %d", c.missing, len(c.list)), name)
	}
	var l FileList
	l.Add("b.png/a.png", 0)
	f, err := NewFiles(dir, []string{"ant"}, &l, FolderSettings{})
	require.NoError(t, err)
	require.Error(t, f.CheckFiles(context.Background()), "a file is no folder")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(os.ErrDeadlineExceeded)
	require.ErrorIs(t, f.CheckFiles(ctx), os.ErrDeadlineExceeded)
}

// A list of 440,000 files, as iNaturalist's, takes fewer than 100 bytes for each.
func TestFileListIsSmall(t *testing.T) {
	var l FileList
	for i := range 20000 {
		l.Add(fmt.Sprintf("train_val2018/Plantae/%d/%032x.jpg", i/54, i), i/54)
	}
	f, err := NewFiles("", make([]string, 20000), &l, FolderSettings{})
	require.NoError(t, err)
	k := f.list
	bytes := cap(k.names) + 4*(cap(k.folder)+cap(k.ends)+cap(k.labels)) + 16*cap(k.boxes)
	for _, folder := range k.folders {
		bytes += 16 + len(folder)
	}
	require.Nil(t, k.index)
	require.Less(t, bytes/f.Len(), 60)
}

func TestFromImages(t *testing.T) {
	m, err := FromImages([]image.Image{stripes(4, 4), stripes(8, 4)}, []int{1, 0}, []string{"ant", "bee"}, Scale{Height: 4, Width: 4, Fit: Squash})
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, Labels(m))
	require.Equal(t, Squash, FitOf(m))
	var img Image
	require.NoError(t, m.Image(0, &img))
	require.Equal(t, []uint8{30, 60, 7}, img.Pix[45:])
	for want, make := range map[string]func() (*Memory, error){
		"1 pictures with 2 labels": func() (*Memory, error) {
			return FromImages([]image.Image{stripes(4, 4)}, []int{1, 0}, []string{"ant"}, Scale{Height: 4, Width: 4})
		},
		"picture 0": func() (*Memory, error) {
			return FromImages([]image.Image{nil}, []int{0}, []string{"ant"}, Scale{Height: 4, Width: 4})
		},
		"label 1": func() (*Memory, error) {
			return FromImages([]image.Image{stripes(4, 4)}, []int{1}, []string{"ant"}, Scale{Height: 4, Width: 4})
		},
		"0×0":   func() (*Memory, error) { return FromImages(nil, nil, []string{"ant"}, Scale{}) },
		"class": func() (*Memory, error) { return FromImages(nil, nil, nil, Scale{Height: 4, Width: 4}) },
	} {
		_, err := make()
		require.ErrorContains(t, err, want)
	}
}
