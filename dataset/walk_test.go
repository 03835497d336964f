package dataset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// paths are those of all images of f below its folder.
func paths(t *testing.T, f *Folder) (all []string) {
	for i := range f.Len() {
		below, err := filepath.Rel(f.root, f.Path(i))
		require.NoError(t, err)
		all = append(all, filepath.ToSlash(below))
	}
	return all
}

func TestNesting(t *testing.T) {
	dir := t.TempDir()
	raw := encodePNG(t, stripes(4, 4))
	writeFile(t, raw, dir, "plants", "7477", "b.png")
	writeFile(t, raw, dir, "plants", "31", "a.webp")
	writeFile(t, raw, dir, "birds", "8", "c.jpg")
	_, err := OpenFolder(dir, FolderSettings{})
	require.ErrorContains(t, err, "birds/8/c.jpg")
	require.ErrorContains(t, err, "Deep")
	require.ErrorContains(t, err, "Leaves")

	f, err := OpenFolder(dir, FolderSettings{Nested: Deep})
	require.NoError(t, err)
	require.Equal(t, []string{"birds", "plants"}, f.Classes())
	require.Equal(t, []string{"birds/8/c.jpg", "plants/31/a.webp", "plants/7477/b.png"}, paths(t, f))
	require.Equal(t, []int{1, 2}, Counts(f))

	empty := filepath.Join(dir, "moss")
	require.NoError(t, os.Mkdir(empty, 0o777))
	_, err = OpenFolder(dir, FolderSettings{Nested: Deep})
	require.ErrorContains(t, err, "class folder "+empty+" holds no image")
	f, err = OpenFolder(dir, FolderSettings{Nested: Deep, Tolerant: true})
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 2}, Counts(f))

	f, err = OpenFolder(dir, FolderSettings{Nested: Leaves})
	require.NoError(t, err)
	require.Equal(t, []string{"birds/8", "plants/31", "plants/7477"}, f.Classes())
	require.Equal(t, []int{1, 1, 1}, Counts(f))

	writeFile(t, raw, dir, "plants", "top.png")
	_, err = OpenFolder(dir, FolderSettings{})
	require.ErrorContains(t, err, "deeper", "images at both depths")
	_, err = OpenFolder(dir, FolderSettings{Nested: 9})
	require.ErrorContains(t, err, "nesting 9")
}

func TestPassedOverIsCounted(t *testing.T) {
	dir := t.TempDir()
	raw := encodePNG(t, stripes(4, 4))
	for _, name := range []string{"a.png", "b.JPG", "c.jfif", "d.gif", "e.bmp", "f.tif", "g.webp"} {
		writeFile(t, raw, dir, "ant", name)
	}
	writeFile(t, raw, dir, "ant", "notes.txt")
	writeFile(t, raw, dir, "ant", "more.TXT")
	writeFile(t, raw, dir, "ant", "README")
	writeFile(t, raw, dir, "ant", ".DS_Store")
	writeFile(t, raw, dir, "__MACOSX", "ant", "a.png")
	writeFile(t, raw, dir, "@eaDir", "x.png")
	writeFile(t, raw, dir, ".git", "x.png")
	writeFile(t, raw, dir, "stray.png")
	f, err := OpenFolder(dir, FolderSettings{})
	require.NoError(t, err)
	require.Equal(t, []string{"ant"}, f.Classes())
	require.Equal(t, 7, f.Len())
	require.Equal(t, []PassedOver{
		{".txt files", 2, "ant/more.TXT"},
		{"folders of the system", 2, "@eaDir"},
		{"hidden files and folders", 2, ".git"},
		{"files without extension", 1, "ant/README"},
		{"images in no class folder", 1, "stray.png"},
	}, f.PassedOver())
	require.Equal(t, "2 .txt files (ant/more.TXT, …)", f.PassedOver()[0].String())
	require.Equal(t, "1 files without extension (ant/README)", f.PassedOver()[3].String())
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, encodePNG(t, stripes(4, 4)), dir, "ant", "a.png")
	if err := os.Symlink("a.png", filepath.Join(dir, "ant", "same.png")); err != nil {
		t.Skip("no links here")
	}
	require.NoError(t, os.Symlink("nothing.png", filepath.Join(dir, "ant", "broken.png")))
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "ant", "loop")))
	f, err := OpenFolder(dir, FolderSettings{Nested: Deep})
	require.NoError(t, err)
	require.Equal(t, []string{"ant/a.png", "ant/broken.png", "ant/same.png"}, paths(t, f))
	require.Equal(t, []PassedOver{{"links to a folder they lie in", 1, "ant/loop"}}, f.PassedOver())
	bad, err := Check(t.Context(), f, nil)
	require.NoError(t, err)
	require.Len(t, bad, 1)
	require.ErrorContains(t, bad[0].Err, "broken.png")
}

func TestClassesAskedFor(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, encodePNG(t, stripes(4, 4)), dir, "bee", "a.png")
	f, err := OpenFolder(dir, FolderSettings{Classes: []string{"wasp", "bee"}})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, Counts(f))
	_, err = OpenFolder(dir, FolderSettings{Classes: []string{"wasp"}})
	require.ErrorContains(t, err, `"bee"`)
}
