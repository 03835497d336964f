package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tree makes n empty files in class folders, which were changed an hour ago.
func tree(t testing.TB, dir string, n, classes int) {
	for c := range classes {
		class := filepath.Join(dir, fmt.Sprintf("%04d", c))
		require.NoError(t, os.MkdirAll(class, 0o777))
		for i := c; i < n; i += classes {
			file, err := os.Create(filepath.Join(class, fmt.Sprintf("%032x.jpg", i)))
			require.NoError(t, err)
			require.NoError(t, file.Close())
		}
		age(t, class)
	}
	age(t, dir)
}

func age(t testing.TB, path string) {
	then := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, then, then))
}

func pathsOf(f *Files) (all []string) {
	for i := range f.Len() {
		all = append(all, fmt.Sprint(f.Path(i), f.Label(i)))
	}
	return all
}

func at(path string) func(string) string { return func(string) string { return path } }

func TestIndexOfAFolder(t *testing.T) {
	const n, classes = indexFrom + 500, 50
	dir, index := t.TempDir(), filepath.Join(t.TempDir(), "new", "index")
	tree(t, dir, n, classes)
	plain, err := OpenFolder(dir, FolderSettings{})
	require.NoError(t, err)
	open := func() *Files {
		f, err := OpenFolder(dir, FolderSettings{Index: at(index)})
		require.NoError(t, err)
		return f
	}
	require.Equal(t, pathsOf(plain), pathsOf(open()))
	require.FileExists(t, index)
	age(t, index)
	before, err := os.Stat(index)
	require.NoError(t, err)
	require.Equal(t, pathsOf(plain), pathsOf(open()))
	after, err := os.Stat(index)
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime(), "where nothing changed it is not written again")

	// That it is read shows where a folder is changed behind its back.
	info, err := os.Stat(filepath.Join(dir, "0007"))
	require.NoError(t, err)
	added := filepath.Join(dir, "0007", "added.jpg")
	require.NoError(t, os.WriteFile(added, nil, 0o666))
	require.NoError(t, os.Chtimes(filepath.Join(dir, "0007"), info.ModTime(), info.ModTime()))
	require.Equal(t, n, open().Len())
	age(t, filepath.Join(dir, "0007"))
	require.Equal(t, n+1, open().Len(), "a folder that was changed is listed again")
	require.Equal(t, n+1, open().Len())
	require.NoError(t, os.Remove(added)) // just now: not remembered
	require.Equal(t, pathsOf(plain), pathsOf(open()))
	require.NoError(t, os.WriteFile(added, nil, 0o666))
	require.Equal(t, n+1, open().Len())
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "0049")))
	require.Equal(t, n+1-n/classes, open().Len(), "a folder that is gone")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "0049"), 0o777))
	_, err = OpenFolder(dir, FolderSettings{Index: at(index)})
	require.ErrorContains(t, err, "0049 holds no image")
	require.NoError(t, os.Remove(filepath.Join(dir, "0049")))

	// A damaged index is made anew, and one of another folder has no say.
	want := pathsOf(open())
	raw, err := os.ReadFile(index)
	require.NoError(t, err)
	for _, damage := range [][]byte{raw[:len(raw)/2], append([]byte{}, raw[1:]...), nil, append(append([]byte{}, raw...), 1)} {
		require.NoError(t, os.WriteFile(index, damage, 0o666))
		require.Equal(t, want, pathsOf(open()))
	}
	raw[len(raw)/2]++
	require.NoError(t, os.WriteFile(index, raw, 0o666))
	require.Equal(t, want, pathsOf(open()))
	other := t.TempDir()
	tree(t, other, 6, 3)
	f, err := OpenFolder(other, FolderSettings{Index: at(index)})
	require.NoError(t, err)
	require.Equal(t, 6, f.Len())
	require.Equal(t, want, pathsOf(open()))
}

// Small folders have none, and what cannot be written is no error.
func TestIndexIsLeftOut(t *testing.T) {
	dir, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	tree(t, dir, 9, 3)
	for _, path := range []string{index, filepath.Join(dir, "0000", fmt.Sprintf("%032x.jpg", 0), "no folder")} {
		f, err := OpenFolder(dir, FolderSettings{Index: at(path)})
		require.NoError(t, err)
		require.Equal(t, 9, f.Len())
		require.NoFileExists(t, path)
	}
	t.Setenv("XDG_CACHE_HOME", "/cache")
	t.Setenv("HOME", "/home/me")
	require.NotEqual(t, IndexFile("a"), IndexFile("b"))
	require.Equal(t, IndexFile("a"), IndexFile("./a"))
}

// It is written for 10,000 names, where what was seen is not what was known.
func TestIndexIsSavedWhereItIsWorthIt(t *testing.T) {
	some := map[string]listing{"a": {}}
	for _, c := range []struct {
		names   int
		known   map[string]listing
		changed bool
		want    bool
	}{
		{9999, nil, true, false}, {10000, nil, true, true}, {10000, some, true, true}, {10000, some, false, false},
		{10000, map[string]listing{"a": {}, "gone": {}}, false, true},
	} {
		x := index{path: filepath.Join(t.TempDir(), "index"), names: c.names, seen: some, known: c.known, changed: c.changed}
		x.save()
		_, err := os.Stat(x.path)
		require.Equal(t, c.want, err == nil, "%+v", c)
	}
}

// Its name is the 64-bit FNV-1a of the folder's path.
func TestIndexFileName(t *testing.T) {
	require.Equal(t, uint64(0xcbf29ce484222325), fnv64(""))
	require.Equal(t, uint64(0xaf63dc4c8601ec8c), fnv64("a"))
	require.Equal(t, uint64(0x85944171f73967e8), fnv64("foobar"))
}

// A body that is cut off, or of which a byte is changed, is no index or one of other entries, though the checksum be right.
func TestDamagedIndex(t *testing.T) {
	x := &index{root: "/r", seen: map[string]listing{"a": {-1 << 60, []indexEntry{{strings.Repeat("n", 200), 0}, {"2.jpg", os.ModeSymlink}}}}}
	whole := x.encode()[len(indexMagic)+4:]
	parse := func(body []byte) (map[string]listing, bool) {
		raw := append([]byte(indexMagic), 0, 0, 0, 0)
		binary.LittleEndian.PutUint32(raw[len(indexMagic):], crc32.ChecksumIEEE(body))
		return parseIndex(append(raw, body...), "/r")
	}
	known, ok := parse(whole)
	require.True(t, ok)
	require.Equal(t, x.seen, known)
	for cut := range whole {
		known, ok := parse(whole[:cut])
		require.True(t, !ok || cut == 3 && len(known) == 0, "cut off at byte %d: %v", cut, known)
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x41
		known, ok := parse(changed)
		require.True(t, !ok || !reflect.DeepEqual(x.seen, known), "byte %d", i)
	}
	_, ok = parseIndex([]byte(indexMagic+"123"), "/r")
	require.False(t, ok)
}

func FuzzIndex(f *testing.F) {
	x := &index{root: "/r", seen: map[string]listing{"": {5, []indexEntry{{"a", os.ModeDir}}}, "a": {-7, []indexEntry{{"1.jpg", 0}, {"2.jpg", os.ModeSymlink}}}}}
	known, ok := parseIndex(x.encode(), "/r")
	require.True(f, ok)
	require.Equal(f, x.seen, known)
	f.Add(x.encode()[len(indexMagic)+4:])
	f.Fuzz(func(t *testing.T, body []byte) {
		raw := append([]byte(indexMagic), 0, 0, 0, 0)
		raw = append(raw, body...)
		binary.LittleEndian.PutUint32(raw[len(indexMagic):], crc32.ChecksumIEEE(body))
		if known, ok := parseIndex(raw, "/r"); ok {
			again, ok := parseIndex((&index{root: "/r", seen: known}).encode(), "/r")
			require.True(t, ok)
			require.Equal(t, known, again)
		}
	})
}

// What a very large folder costs: LONGTAIL_FILES is how many files are made in a temporary folder.
func TestManyFiles(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("LONGTAIL_FILES"))
	if err != nil {
		t.Skip("LONGTAIL_FILES is not set: a number of files, such as 440000")
	}
	dir, index := t.TempDir(), filepath.Join(t.TempDir(), "index")
	tree(t, dir, n, min(n, 8142))
	live := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for _, what := range []string{"first", "second", "third"} {
		before, began := live(), time.Now()
		f, err := OpenFolder(dir, FolderSettings{Index: at(index)})
		took := time.Since(began)
		require.NoError(t, err)
		require.Equal(t, n, f.Len())
		t.Logf("the %s time %d files open in %v and take %.1f bytes each", what, n, took, (live()-before)/float64(n))
		runtime.KeepAlive(f)
	}
}
