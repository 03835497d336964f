package dataset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/imagefile"
	"github.com/stretchr/testify/require"
)

func TestOpenFolder(t *testing.T) {
	dir := t.TempDir()
	raw := encodePNG(t, stripes(4, 4))
	writeFile(t, raw, dir, "zebra", "0.png")
	writeFile(t, raw, dir, "ant", "b.PNG")
	writeFile(t, raw, dir, "ant", "a.jpeg") // the content decides how it is decoded
	writeFile(t, raw, dir, "ant", "._a.jpg")
	writeFile(t, raw, dir, "ant", "notes.txt")
	writeFile(t, raw, dir, "ant", "deeper.png", "x.txt")
	writeFile(t, raw, dir, ".git", "x.png")
	writeFile(t, raw, dir, "stray.png")

	f, err := OpenFolder(dir, FolderSettings{Width: 4})
	require.NoError(t, err)
	require.Equal(t, []string{"ant", "zebra"}, f.Classes())
	require.Equal(t, []int{0, 0, 1}, Labels(f))
	require.Equal(t, filepath.Join(dir, "ant", "a.jpeg"), f.Path(0))
	require.Equal(t, filepath.Join(dir, "ant", "b.PNG"), f.Path(1))
	var img Image
	require.NoError(t, f.Image(2, &img))
	require.Equal(t, Shape{Height: 4, Width: 4, Channels: 3}, img.Shape(), "Height 0 is Width")
	require.Equal(t, []uint8{30, 60, 7}, img.Pix[45:])
	require.EqualError(t, f.Image(3, &img),
		"dataset: image 3 asked of a set of 3: the index must be at least 0 and less than 3")

	f, err = OpenFolder(dir, FolderSettings{Decode: imagefile.Settings{Budget: imagefile.NewBudget(15)}})
	require.NoError(t, err)
	require.ErrorContains(t, f.Image(0, &img), "a picture of 16 pixels, more than the budget of 15")

	f, err = OpenFolder(dir, FolderSettings{})
	require.NoError(t, err)
	require.NotNil(t, f.settings.Decode.Budget, "a bound where none is given")
	require.NoError(t, f.Image(0, &img))
	require.Equal(t, Shape{Height: 32, Width: 32, Channels: 3}, img.Shape())
}

func TestFolderDefaults(t *testing.T) {
	for _, c := range []struct {
		s             FolderSettings
		height, width int
	}{
		{FolderSettings{}, 32, 32}, {FolderSettings{Width: 5}, 5, 5}, {FolderSettings{Height: 6}, 6, 6}, {FolderSettings{Height: 6, Width: 5}, 6, 5},
		{FolderSettings{Fit: Whole}, 0, 0}, {FolderSettings{Fit: ShorterSide}, 32, 32},
	} {
		s := c.s.withDefaults()
		require.Equal(t, []int{c.height, c.width}, []int{s.Height, s.Width}, "%+v", c.s)
		require.Equal(t, imagefile.DefaultMaxPixels, s.Decode.MaxPixels)
		require.Equal(t, imagefile.NewBudget(4*imagefile.DefaultMaxPixels), s.Decode.Budget)
	}
}

func TestOpenFolderFollowsLinks(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	writeFile(t, encodePNG(t, stripes(4, 4)), elsewhere, "x.png")
	if err := os.Symlink(elsewhere, filepath.Join(dir, "linked")); err != nil {
		t.Skip("no links here")
	}
	f, err := OpenFolder(dir, FolderSettings{})
	require.NoError(t, err)
	require.Equal(t, []string{"linked"}, f.Classes())
}

func TestFolderErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenFolder(filepath.Join(dir, "nowhere"), FolderSettings{})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = OpenFolder(dir, FolderSettings{})
	require.EqualError(t, err,
		"dataset: "+dir+" holds no class folder: put the images of each class in a folder of its name")
	writeFile(t, nil, dir, "ant", "notes.txt")
	_, err = OpenFolder(dir, FolderSettings{})
	require.ErrorContains(t, err, "dataset: class folder "+filepath.Join(dir, "ant")+" holds no image")
	require.ErrorContains(t, err, "it holds 1 .txt files (ant/notes.txt)")
	_, err = OpenFolder(dir, FolderSettings{Width: -1})
	require.ErrorContains(t, err, "dataset: a size of -1×-1 pixels")
	_, err = OpenFolder(dir, FolderSettings{Decode: imagefile.Settings{MaxPixels: -1}})
	require.EqualError(t, err, "dataset: MaxPixels is -1: it must be positive, or 0 for 67108864")

	path := filepath.Join(dir, "ant", "bad.jpg")
	writeFile(t, []byte("\xff\xd8\xff\xe0 not much of a JPEG"), path)
	f, err := OpenFolder(dir, FolderSettings{})
	require.NoError(t, err, "files are not read yet")
	var img Image
	require.ErrorContains(t, f.Image(0, &img), "dataset: "+path+": a JPEG that is ")
	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, f.Image(0, &img), os.ErrNotExist)
}
