package source

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// With an index a set opens as without, whatever has changed in between.
func TestIndex(t *testing.T) {
	dir := layout(t, append(images("p/a.png", "p/b.png", "q/a.png"), [2]string{"train.csv", "path,label\np/a.png,cat\np/b.png,dog\n"})...)
	old := time.Now().Add(-time.Hour)
	age := func() {
		for _, name := range []string{"p", "q"} {
			require.NoError(t, os.Chtimes(filepath.Join(dir, name), old, old))
		}
	}
	age()
	s := Settings{Cache: filepath.Join(t.TempDir(), "made"), indexAll: true}
	csv := filepath.Join(dir, "train.csv")
	open := func(want ...string) {
		t.Helper()
		d, err := Open(context.Background(), csv, s)
		require.NoError(t, err)
		plain, err := Open(context.Background(), csv, Settings{})
		require.NoError(t, err)
		require.Equal(t, want, contents(t, dir, d.Train))
		require.Equal(t, plain.Found, d.Found)
		require.Equal(t, plain.ClassIDs, d.ClassIDs)
	}
	open("p/a.png cat", "p/b.png dog")
	all, err := filepath.Glob(filepath.Join(s.Cache, "*.index"))
	require.NoError(t, err)
	require.Len(t, all, 1)
	x, err := readIndex(all[0])
	require.NoError(t, err)
	require.Equal(t, []int64{old.UnixNano()}, x.Folders)
	open("p/a.png cat", "p/b.png dog")

	// What the index says is believed as long as the folder is as it was.
	gone := filepath.Join(dir, "p", "b.png")
	raw, err := os.ReadFile(gone)
	require.NoError(t, err)
	require.NoError(t, os.Remove(gone))
	_, err = Open(context.Background(), csv, s)
	var missing *dataset.MissingError
	require.ErrorAs(t, err, &missing)
	age()
	_, err = Open(context.Background(), csv, s)
	require.NoError(t, err, "the folder seems to be as it was")
	require.NoError(t, os.WriteFile(gone, raw, 0o666))
	open("p/a.png cat", "p/b.png dog")

	require.NoError(t, os.WriteFile(csv, []byte("path,label\nq/a.png,cow\n"), 0o666))
	open("q/a.png cow")
	damaged, err := os.ReadFile(all[0])
	require.NoError(t, err)
	for at := range damaged {
		damaged[at] ^= 1
		require.NoError(t, os.WriteFile(all[0], damaged, 0o666))
		_, err := readIndex(all[0])
		require.Error(t, err)
		damaged[at] ^= 1
	}
	require.NoError(t, os.WriteFile(all[0], damaged[:20], 0o666))
	open("q/a.png cow")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	s.Cache = filepath.Join(file, "below") // where no folder can be made
	d, err := Open(context.Background(), csv, s)
	require.NoError(t, err)
	require.Contains(t, d.Found[len(d.Found)-1], "no index is kept")
}

// A folder that changed a moment ago may change once more without its time telling.
func TestIndexDoesNotTrustFreshFolders(t *testing.T) {
	dir := layout(t, append(images("p/a.png", "p/b.png"), [2]string{"train.csv", "path,label\np/a.png,cat\np/b.png,dog\n"})...)
	s := Settings{Cache: t.TempDir(), indexAll: true}
	_, err := Open(context.Background(), dir, s)
	require.NoError(t, err)
	folder := filepath.Join(dir, "p")
	info, err := os.Stat(folder)
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(folder, "b.png")))
	require.NoError(t, os.Chtimes(folder, info.ModTime(), info.ModTime()))
	_, err = Open(context.Background(), dir, s)
	var missing *dataset.MissingError
	require.ErrorAs(t, err, &missing)
}

// Paths below the working directory are of that directory alone.
func TestAnIndexIsReadFromOtherDirectories(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"v1", "v2"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, version), 0o777))
		require.NoError(t, os.Rename(layout(t, append(images("p/a.png", "p/b.png"),
			[2]string{"train.csv", "path,label\np/a.png,cat\np/b.png,dog\n"})...), filepath.Join(root, version, "data")))
	}
	s := Settings{Cache: t.TempDir(), indexAll: true}
	first := filepath.Join(root, "v1", "data")
	for _, at := range []struct{ dir, file, images string }{
		{"v1", "data/train.csv", ""}, {"v2", "../v1/data/train.csv", ""}, {"v2", filepath.Join(first, "train.csv"), ""},
		{"v1", "data/train.csv", "data"}, {"v2", filepath.Join(first, "train.csv"), "../v1/data"}, {"v2", "../v1/data/train.csv", first},
	} {
		t.Chdir(filepath.Join(root, at.dir))
		s.Images = at.images
		d, err := Open(context.Background(), at.file, s)
		require.NoError(t, err)
		opened, err := os.Stat(d.Train.(*dataset.Files).Path(0))
		require.NoError(t, err)
		want, err := os.Stat(filepath.Join(first, "p", "a.png"))
		require.NoError(t, err)
		require.True(t, os.SameFile(want, opened), "%v opens %s", at, d.Train.(*dataset.Files).Path(0))
	}
	all, err := filepath.Glob(filepath.Join(s.Cache, "*.index"))
	require.NoError(t, err)
	require.Len(t, all, 2, "one without Images and one with it")
}
